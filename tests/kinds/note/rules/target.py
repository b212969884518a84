"""A note in an environment: where it is stored, and which languages are read there."""

from typing import TYPE_CHECKING, Literal

from controller.domain.components.target import Target
from controller.errors import InvalidBundleError
from tests.kinds.note.rules.artifact import NoteArtifact

if TYPE_CHECKING:
    from controller.domain.components.artifact import Artifact
    from controller.domain.components.contents import Contents


class NoteTarget(Target):
    """`<prefix>/current` in the bucket names the revision, `<prefix>/<revision>` is its text."""

    kind: Literal["note"]
    bucket: str
    prefix: str
    languages: list[str] = ["en"]

    def require_fit(self, artifact: "Artifact", bundle: "Contents") -> None:
        """The note must be in a language that is read here."""
        note = NoteArtifact.of(artifact, self.kind)
        if note.language not in self.languages:
            reason = f"'{note.language}' is not read here, and '{note.read_text(bundle)[:20]}' is in it"
            raise InvalidBundleError(reason, "Translate it.")
