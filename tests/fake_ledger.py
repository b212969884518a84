"""The ledger in memory: it enforces every condition, as the table does."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from controller.domain.deployment import Deployment, Evaluation
from controller.domain.lock import Lock
from controller.domain.phases import Phase
from controller.domain.timeline import TimelineEvent
from controller.errors import LedgerConflictError, NotFoundError
from controller.ports.ledger import ANYTHING, Expected, Move


@dataclass
class FakeDeployments:
    """The deployments; `before_update` runs between a caller's read and write."""

    known: dict[str, Deployment] = field(default_factory=dict)
    events: dict[str, list[TimelineEvent]] = field(default_factory=dict)
    before_update: Callable[[Mapping[str, Any]], None] = lambda _changes: None
    swept: datetime | None = None
    swept_from: datetime | None = None

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

    def update(
        self,
        deployment_id: str,
        changes: Mapping[str, Any],
        *,
        phases: Collection[Phase],
        expected: Expected = ANYTHING,
    ) -> Deployment:
        """Change the fields if all conditions hold, else `LedgerConflictError`."""
        self.before_update(changes)
        present = self.known.get(deployment_id)
        if present is None or not _holds(present, phases, expected):
            raise LedgerConflictError(f"Deployment {deployment_id} has moved on: {', '.join(changes)} not written.")
        self.known[deployment_id] = _changed(present, changes)
        return self.known[deployment_id]

    def claim(self, deployment_id: str, name: str, now: datetime, until: datetime) -> bool:
        """Claim a notification, unless it is claimed or gone."""
        present = self.known[deployment_id]
        unsent = present.unsent.get(name)
        if unsent is None or (unsent.claimed_until and unsent.claimed_until >= now):
            return False
        claimed = {**present.unsent, name: replace(unsent, claimed_until=until)}
        self.known[deployment_id] = replace(present, unsent=claimed)
        return True

    def leave_open(self, deployment_id: str) -> None:
        """Nothing: `open` looks at the deployments themselves."""

    def begin_sweep(self, now: datetime, since: datetime) -> bool:
        """Note that a sweep begins, unless one began since then."""
        covered = self.swept_from is not None and self.swept_from >= since
        alive = self.swept is not None and self.swept >= since and now - self.swept <= timedelta(minutes=1)
        if covered or alive:
            return False
        self.swept = now
        return True

    def end_sweep(self, begun_at: datetime) -> None:
        """Note since when all are checked."""
        self.swept_from = max(begun_at, self.swept_from or begun_at)

    def record(self, deployment_id: str, event: TimelineEvent) -> None:
        """Add the event to the deployment's events."""
        self.events.setdefault(deployment_id, []).append(event)

    def open(self) -> Iterable[str]:
        """The ids of deployments that have not ended, owe a notification, or keep something for a while."""
        return [one.deployment_id for one in self.known.values() if not one.is_told or one.grace_until]

    def kinds(self, deployment_id: str) -> list[str]:
        """The kinds of a deployment's events, in order."""
        return [event.kind for event in self.events.get(deployment_id, [])]


def _holds(present: Deployment, phases: Collection[Phase], expected: Expected) -> bool:
    same = all(
        getattr(expected, name) in {None, getattr(present, name)}
        for name in ("fencing_token", "rollback_execution_arn")
    )
    step = present.bake.step if present.bake else None
    in_time = expected.weight_at_most is None or present.weight <= expected.weight_at_most
    baking = expected.bake_step is None or (
        (step is None or step < expected.bake_step) if expected.opens else step == expected.bake_step
    )
    untouched = expected.absent is None or getattr(present, expected.absent) is None
    untripped = not expected.untripped or present.trip is None
    claimed = expected.task_claim in {None, present.task_run.claim if present.task_run else 0}
    return present.phase in phases and all((same, in_time, baking, untouched, untripped, claimed))


def _changed(present: Deployment, changes: Mapping[str, Any]) -> Deployment:
    changed: dict[str, Any] = {name: () if name.endswith("_tokens") else None for name in changes.get("cleared", ())}
    for name, value in changes.items():
        if name == "sent":
            changed["unsent"] = {key: one for key, one in present.unsent.items() if key != value}
        elif name.endswith("_now"):
            whole = name.removesuffix("_now")
            changed[whole] = {**getattr(present, whole), **value}
        elif name.endswith("_tokens"):
            changed[name] = (*getattr(present, name), *value)
        elif name != "cleared":
            changed[name] = value
    return replace(present, **changed)


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

    deployments: FakeDeployments = field(default_factory=FakeDeployments)
    versions: "FakeVersions" = field(default_factory=lambda: FakeVersions())  # noqa: PLW0108 - it is defined below
    known: dict[str, Lock] = field(default_factory=dict)
    before_save: Callable[[Lock], None] = lambda _lock: None

    def load(self, environment_key: str) -> Lock:
        """The present lock."""
        return self.known.get(environment_key, Lock(environment_key))

    def save(self, lock: Lock, moves: Sequence[Move] = (), remembered: tuple[Deployment, Phase] | None = None) -> None:
        """Keep the lock and move the deployments if every condition holds; otherwise change nothing."""
        self.before_save(lock)
        if self.load(lock.environment_key).revision != lock.revision:
            raise LedgerConflictError(f"The lock of {lock.environment_key} was changed at the same time.")
        before = dict(self.deployments.known)
        try:
            for move in moves:
                self.deployments.update(move.deployment_id, move.changes, phases=move.phases, expected=move.expected)
        except LedgerConflictError:
            self.deployments.known = before
            raise
        self.known[lock.environment_key] = replace(lock, revision=lock.revision + 1)
        if remembered:
            deployment, phase = remembered
            key = (deployment.environment_key, deployment.version)
            self.versions.previous_attempts[key] = (deployment.digest, phase)


@dataclass
class FakeVersions:
    """The outcomes of versions."""

    previous_attempts: dict[tuple[str, str], tuple[str, Phase]] = field(default_factory=dict)

    def previous_attempt(self, environment_key: str, version: str) -> tuple[str, Phase] | None:
        """Digest and phase, or None."""
        return self.previous_attempts.get((environment_key, version))


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
