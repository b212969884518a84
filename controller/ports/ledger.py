"""The ledger: deployments, locks, versions, guards, and the judge's state."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Literal, Protocol

from controller.domain.deployment import Changes, Deployment, Evaluation
from controller.domain.lock import Lock
from controller.domain.phases import Phase
from controller.domain.timeline import TimelineEvent


class Deployments(Protocol):
    """The ledger's deployments. Every write is conditional."""

    def create(self, deployment: Deployment) -> bool:
        """Write a new deployment; False when its id exists already (the same upload, delivered again)."""

    def get(self, deployment_id: str) -> Deployment:
        """The deployment as it is now (consistent read); raises `NotFoundError`."""

    def update(  # noqa: PLR0913 - one write has these conditions
        self,
        deployment_id: str,
        changes: Changes,
        *,
        phases: Collection[Phase],
        fencing_token: int | None = None,
        untripped: bool = False,
        absent: Literal["trip", "traffic_restored_at", "unstaged_at"] | None = None,
    ) -> Deployment:
        """Change the named fields if the deployment is in one of `phases` (and as the other conditions say).

        `fencing_token`: only if the deployment holds this fencing token. `untripped`: only if it has no trip. `absent`:
        only if this field is not set yet. Returns the new state. Raises
        `LedgerConflictError` when a condition does not hold.
        """

    def record(self, deployment_id: str, event: TimelineEvent) -> None:
        """Add a line to the deployment's timeline."""


class OpenDeployments(Protocol):
    """The deployments that have not ended or whose notification is pending: those that the reconciler checks."""

    def open(self) -> Iterable[str]:
        """The ids of the deployments that are not terminal or whose notification is pending."""


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

    def save(self, lock: Lock) -> None:
        """Write a changed lock if it has not changed since it was loaded; raises `LedgerConflictError`."""


class Versions(Protocol):
    """The outcome of the previous attempt of each version of an application in an environment."""

    def previous_attempt(self, environment_key: str, version: str) -> "tuple[str, Phase] | None":
        """The digest and the last terminal phase of this version here, or None if it was never deployed."""

    def remember(self, deployment: Deployment, phase: Phase) -> None:
        """Note how the deployment of this version ended."""


class Guards(Protocol):
    """The deployments that each alarm guards."""

    def open(self, deployment_id: str, alarms: Iterable[str]) -> None:
        """Let these alarms guard the deployment until `close`."""

    def guarded_by(self, alarm: str) -> Sequence[str]:
        """The ids of the deployments that this alarm guards now."""

    def close(self, deployment_id: str, alarms: Iterable[str]) -> None:
        """End the guarding; harmless when it has ended."""
