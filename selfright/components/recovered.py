"""Recovery of one component, whatever its kind: what is known of it, and what would be done, as data.

The steps are shown first, done afterwards, and looked for again to see that it was done.
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
        """The revision that was live."""
        return Revision(self.revision, self.digest)


@dataclass(frozen=True)
class RecoveryStep:
    """One thing to do (`act`), one that cannot be done, or one that a person should know."""

    component: str
    text: str
    level: Level = "note"
    act: Callable[[], object] = lambda: None


def do(component: str, text: str, act: Callable[[], object]) -> RecoveryStep:
    """A step that changes something; `act` does it on the condition that nobody changed anything since it was planned.

    It raises `ConflictError` when somebody did.
    """
    return RecoveryStep(component, text, "do", act)


def cannot(component: str, text: str) -> RecoveryStep:
    """What should be done and cannot."""
    return RecoveryStep(component, text, "cannot")


class Recovery(Protocol):
    """The recovery of one component."""

    def plan(self) -> list[RecoveryStep]:
        """What is not as the restore point says; nothing is changed. Raises `AwsError` when it cannot be read."""
