"""What most kinds answer alike: any two of their revisions can serve at once, and nobody comes but by their traffic."""

from controller.domain.components.artifact import Artifact
from controller.domain.components.bypassing import Bypassing
from controller.domain.components.contents import Contents
from controller.domain.deployment import Left, Pending, Revision


class PlainComponent:
    """The part of `ports.Component` of a kind without particularities; a kind overrides what is otherwise with it."""

    def why_indivisible(self, artifact: Artifact, bundle: Contents, live: Revision) -> str:  # noqa: ARG002
        """Never."""
        return ""

    def bypassed_by(self) -> Bypassing:
        """Nobody."""
        return Bypassing()

    def unstage(self, artifact: Artifact, bundle: Contents, stable: Revision) -> Pending | Left | None:
        """Nothing is to be done."""
