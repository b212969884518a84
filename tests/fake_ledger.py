"""The ledger in memory: it enforces every condition, as the table does."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from controller.domain.deployment import Deployment, Evaluation
from controller.domain.lock import Lock
from controller.domain.phases import Phase
from controller.domain.timeline import TimelineEvent
from controller.errors import LedgerConflictError, NotFoundError


@dataclass
class FakeDeployments:
    """The deployments; `before_update` runs between a caller's read and write."""

    known: dict[str, Deployment] = field(default_factory=dict)
    events: dict[str, list[TimelineEvent]] = field(default_factory=dict)
    before_update: Callable[[Mapping[str, Any]], None] = lambda _changes: None

    def create(self, deployment: Deployment) -> bool:
        """Keep the deployment, unless it is known."""
        if deployment.deployment_id in self.known:
            return False
        self.known[deployment.deployment_id] = deployment
        return True

    def get(self, deployment_id: str) -> Deployment:
        """The deployment, or `NotFoundError`."""
        with suppress(KeyError):
            return self.known[deployment_id]
        raise NotFoundError(f"The ledger has no deployment {deployment_id}.")

    def update(  # noqa: PLR0913 - the port's
        self,
        deployment_id: str,
        changes: Mapping[str, Any],
        *,
        phases: Collection[Phase],
        fencing_token: int | None = None,
        untripped: bool = False,
        absent: str | None = None,
    ) -> Deployment:
        """Change the fields if all conditions hold, else `LedgerConflictError`."""
        self.before_update(changes)
        present = self.known.get(deployment_id)
        refused = (
            present is None
            or present.phase not in phases
            or (fencing_token is not None and present.fencing_token != fencing_token)
            or (untripped and present.trip is not None)
            or (absent is not None and getattr(present, absent) is not None)
        )
        if present is None or refused:
            raise LedgerConflictError(f"Deployment {deployment_id} has moved on: {', '.join(changes)} not written.")
        whole = {name: value for name, value in changes.items() if not name.endswith("_now")}
        changed = replace(present, **whole)
        for entries in changes.keys() - whole.keys():
            name = entries.removesuffix("_now")
            changed = replace(changed, **{name: {**getattr(changed, name), **changes[entries]}})
        self.known[deployment_id] = changed
        return self.known[deployment_id]

    def record(self, deployment_id: str, event: TimelineEvent) -> None:
        """Add the event to the deployment's events."""
        self.events.setdefault(deployment_id, []).append(event)

    def open(self) -> Iterable[str]:
        """The ids of deployments that have not ended or whose notification was not sent."""
        return [
            one.deployment_id
            for one in self.known.values()
            if not one.phase.is_terminal or one.notification == "pending"
        ]

    def kinds(self, deployment_id: str) -> list[str]:
        """The kinds of a deployment's events, in order."""
        return [event.kind for event in self.events.get(deployment_id, [])]


@dataclass
class FakeEvaluations:
    """The evaluations and the judge's states; `before_carry` runs between a caller's read and write."""

    states: dict[str, tuple[str, int]] = field(default_factory=dict)
    seen: dict[str, list[Evaluation]] = field(default_factory=dict)
    before_carry: Callable[[], None] = lambda: None

    def state(self, deployment_id: str) -> tuple[str, int]:
        """The state, and how often it was written."""
        return self.states.get(deployment_id, ("", 0))

    def carry(self, deployment_id: str, state: str, written: int, at: datetime) -> None:
        """Keep the state if it was written this often before."""
        self.before_carry()
        if self.state(deployment_id)[1] != written:
            raise LedgerConflictError(f"Another evaluation of {deployment_id} was faster.")
        self.states[deployment_id] = (state, written + 1)

    def record(self, deployment_id: str, evaluation: Evaluation) -> None:
        """Add the evaluation, once."""
        evaluations = self.seen.setdefault(deployment_id, [])
        if all(evaluation.at != other.at for other in evaluations):
            evaluations.append(evaluation)

    def all(self, deployment_id: str) -> Sequence[Evaluation]:
        """Every evaluation, in order."""
        return sorted(self.seen.get(deployment_id, []), key=lambda evaluation: evaluation.at)


@dataclass
class FakeLocks:
    """The locks; `before_save` runs between a caller's load and save."""

    known: dict[str, Lock] = field(default_factory=dict)
    before_save: Callable[[Lock], None] = lambda _lock: None

    def load(self, environment_key: str) -> Lock:
        """The present lock."""
        return self.known.get(environment_key, Lock(environment_key))

    def save(self, lock: Lock) -> None:
        """Keep the lock if it is still at the revision that was loaded."""
        self.before_save(lock)
        if self.load(lock.environment_key).revision != lock.revision:
            raise LedgerConflictError(f"The lock of {lock.environment_key} was changed at the same time.")
        self.known[lock.environment_key] = replace(lock, revision=lock.revision + 1)


@dataclass
class FakeVersions:
    """The outcomes of versions."""

    previous_attempts: dict[tuple[str, str], tuple[str, Phase]] = field(default_factory=dict)

    def previous_attempt(self, environment_key: str, version: str) -> tuple[str, Phase] | None:
        """Digest and phase, or None."""
        return self.previous_attempts.get((environment_key, version))

    def remember(self, deployment: Deployment, phase: Phase) -> None:
        """Record the outcome."""
        self.previous_attempts[deployment.environment_key, deployment.version] = (deployment.digest, phase)


@dataclass
class FakeGuards:
    """Pairs of alarm and deployment."""

    pairs: set[tuple[str, str]] = field(default_factory=set)

    def open(self, deployment_id: str, alarms: Iterable[str]) -> None:
        """Add the pairs."""
        self.pairs |= {(alarm, deployment_id) for alarm in alarms}

    def guarded_by(self, alarm: str) -> Sequence[str]:
        """The deployments that the alarm guards, sorted as by the table."""
        return sorted(deployment for known, deployment in self.pairs if known == alarm)

    def close(self, deployment_id: str, alarms: Iterable[str]) -> None:
        """Remove the pairs."""
        self.pairs -= {(alarm, deployment_id) for alarm in alarms}
