"""The ledger: deployments, locks, versions, guards, and the judge's state."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from controller.domain.deployment import Changes, Deployment, Evaluation
from controller.domain.lock import Lock
from controller.domain.phases import Phase
from controller.domain.timeline import TimelineEvent


@dataclass(frozen=True)
class Expected:
    """What must hold of a deployment for a write, beside its phase.

    `fencing_token`: it holds this token. `untripped`: it has no trip. `absent`: this field is not set yet.
    `rollback_execution_arn`: this execution rolls it back. `weight_at_most`, in percent: it is not at a later step.
    `bake_step`: the bake of this step is under way (or none is, if `opens`). `task_claim`: so many times a task of the
    release has been begun.
    """

    fencing_token: int | None = None
    untripped: bool = False
    absent: Literal["trip", "traffic_restored_at", "waits_since", "late_alarm"] | None = None
    rollback_execution_arn: str | None = None
    weight_at_most: int | None = None
    bake_step: int | None = None
    opens: bool = False
    task_claim: int | None = None


ANYTHING = Expected()


@dataclass(frozen=True)
class Move:
    """What a hand-over of the lock changes of one deployment, and the conditions; see `Deployments.update`."""

    deployment_id: str
    changes: Changes
    phases: Collection[Phase]
    expected: Expected = ANYTHING


class Deployments(Protocol):
    """The ledger's deployments. Every write is conditional."""

    def create(self, deployment: Deployment) -> bool:
        """Write a new deployment; False when its id exists already (the same upload, delivered again)."""

    def get(self, deployment_id: str) -> Deployment:
        """The deployment as it is now (consistent read); raises `NotFoundError`."""

    def update(
        self, deployment_id: str, changes: Changes, *, phases: Collection[Phase], expected: Expected = ANYTHING
    ) -> Deployment:
        """Change the named fields if the deployment is in one of `phases` and is as `expected`.

        Returns the new state. Raises `LedgerConflictError` when a condition does not hold.
        """

    def claim(self, deployment_id: str, name: str, now: datetime, until: datetime) -> bool:
        """Claim the unsent notification of this name until then; False when it is claimed by another, or gone."""

    def leave_open(self, deployment_id: str) -> None:
        """Take a deployment that has ended, owes and keeps nothing out of the open ones; harmless otherwise."""

    def record(self, deployment_id: str, event: TimelineEvent) -> None:
        """Add a line to the deployment's timeline."""


class OpenDeployments(Protocol):
    """The deployments that have not ended or owe something, such as a notification: the reconciler checks them."""

    def open(self) -> Iterable[str]:
        """The ids of the deployments that are not terminal, owe a notification, or keep something for a while."""

    def begin_sweep(self, now: datetime, since: datetime) -> bool:
        """Note that a check of all of them begins now; False when one has begun since `since`, and is not dead."""

    def end_sweep(self, begun_at: datetime) -> None:
        """Note that the check that began then has come to its end."""


class Evaluations(Protocol):
    """The evaluations of each deployment, and the judge's state that is carried from one to the next."""

    def state(self, deployment_id: str) -> tuple[str, int]:
        """The judge's state as JSON text and how often it was written; `("", 0)` before the first evaluation."""

    def carry(self, deployment_id: str, state: str, written: int, at: datetime) -> None:
        """Write the state of this moment if it was written `written` times so far; raises `LedgerConflictError`."""

    def record(self, deployment_id: str, evaluation: Evaluation) -> None:
        """Keep an evaluation; one of the same moment stays as it is."""


class Locks(Protocol):
    """The lock of each environment."""

    def load(self, environment_key: str) -> Lock:
        """The lock as it is now; an empty one for a new environment."""

    def save(self, lock: Lock, moves: Sequence[Move] = (), remembered: tuple[Deployment, Phase] | None = None) -> None:
        """Write the lock, and move these deployments, in one transaction.

        `lock` has the revision that was loaded. `remembered` is a deployment and how the attempt of its version ended.
        Raises `LedgerConflictError` when the lock has changed since it was loaded, or when a move's conditions do not
        hold: then nothing is written.
        """


class Versions(Protocol):
    """The outcome of the previous attempt of each version of an application in an environment; see `Locks.save`."""

    def previous_attempt(self, environment_key: str, version: str) -> "tuple[str, Phase] | None":
        """The digest and the last terminal phase of this version here, or None if it was never deployed."""


class Guards(Protocol):
    """The deployments that each alarm guards."""

    def open(self, deployment_id: str, alarms: Iterable[str]) -> None:
        """Let these alarms guard the deployment until `close`."""

    def guarded_by(self, alarm: str) -> Sequence[str]:
        """The ids of the deployments that this alarm guards now."""

    def close(self, deployment_id: str, alarms: Iterable[str]) -> None:
        """End the guarding; harmless when it has ended."""
