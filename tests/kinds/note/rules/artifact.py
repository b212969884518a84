"""A note in a bundle: a text file, and its language."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents, ExpectedContents
from controller.errors import InvalidBundleError

MAX_BYTES = 1000


class NoteArtifact(Artifact):
    """A text file."""

    kind: Literal["note"]
    language: str = "en"

    noun: ClassVar[str] = "a note"

    def read_text(self, bundle: Contents) -> str:
        """The text; raises `InvalidBundleError` when the file is no text."""
        return bundle.once(self.artifact, lambda: _text(bundle.read(self.artifact, MAX_BYTES), self.artifact))

    def files(self, bundle: Contents, where: str) -> Mapping[str, ExpectedContents]:
        """The one file, which must be a text."""
        files = super().files(bundle, where)
        self.read_text(bundle)
        return files


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidBundleError(f"'{name}' is no text", "Write it in UTF-8.") from error
