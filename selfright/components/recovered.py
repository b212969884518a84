"""Recovery of one component, whatever its kind: its record in the restore point, and its steps as data.

The steps are shown first, then carried out, then planned again to verify that nothing is left to do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from controller.domain.deployment import Revision, Upload

Level = Literal["do", "note", "cannot"]


class PointEntry(BaseModel):
    """One component in the manifest of a restore point."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: str
    revision: str
    digest: str
    part: str
    sha256: str
    upload: Upload | None = None

    @property
    def live(self) -> Revision:
        """The revision that was live then."""
        return Revision(self.revision, self.digest)


@dataclass(frozen=True)
class RecoveryStep:
    """A step to carry out (`act`), one that cannot be done, or a note for the person."""

    component: str
    text: str
    level: Level = "note"
    act: Callable[[], object] = lambda: None


def do(component: str, text: str, act: Callable[[], object]) -> RecoveryStep:
    """A step that changes something; `act` does it only if nothing has changed since it was planned.

    Otherwise it raises `ConflictError`.
    """
    return RecoveryStep(component, text, "do", act)


def cannot(component: str, text: str) -> RecoveryStep:
    """A step that is needed and cannot be done."""
    return RecoveryStep(component, text, "cannot")


class Recovery(Protocol):
    """The recovery of one component."""

    def plan(self) -> list[RecoveryStep]:
        """The steps for all differences from the restore point; changes nothing. Raises `AwsError` if a read fails."""
