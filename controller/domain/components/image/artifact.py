"""A container image in a bundle: an OCI layout."""
# ruff: noqa: PLC0415 - modules that read layouts are imported only when one is read

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from controller.domain.components.contents import Contents, ExpectedContents, differs, require
from controller.domain.components.function.artifact import LambdaArtifact

if TYPE_CHECKING:
    from controller.domain.components.image.layout import Layout

Words = Annotated[list[str], Field(min_length=1, max_length=1500)]
"""A command line, word by word."""
LAYER_BYTES = 1000 * 1024 * 1024
"""The size limit of a layer or any other blob."""


class ImageArtifact(LambdaArtifact):
    """A Lambda function's container image: an OCI layout, a folder in the bundle, a folder or a `.tar` in the source.

    The digest is that of the layout's `index.json`, which holds the digests of everything else.
    """

    kind: Literal["image"]
    """`image`: a Lambda function from a container image: an OCI layout, as a folder or a `.tar`."""
    command: Words | None = None
    """The words that take the place of the image's CMD: `[app.handler]`."""
    entry_point: Words | None = None
    """The words that take the place of the image's ENTRYPOINT."""
    working_directory: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    """The folder that takes the place of the image's WORKDIR."""

    noun: ClassVar[str] = "an image"

    @property
    def index(self) -> str:
        """The path in the bundle of the layout's index."""
        return f"{self.artifact}/index.json"

    def read_layout(self, bundle: Contents) -> "Layout":
        """The layout's images and files; raises `InvalidBundleError`."""
        from controller.domain.components.image.layout import read_layout

        return bundle.once(self.artifact, lambda: read_layout(_Folder(bundle, self.artifact), self.artifact))

    def files(self, bundle: Contents, where: str) -> Mapping[str, ExpectedContents]:
        """All files of the layout; also checks its documents, and refuses an image that Lambda would not accept."""
        from controller.domain.components.image.rules import MAX_UNPACKED, refuse_unsupported

        require(bundle, self.index, where)
        layout = self.read_layout(bundle)
        if layout.digest != self.sha256:
            raise differs(self.index, "the digest in the manifest")
        for image in layout.images:
            refuse_unsupported(image, self.artifact)
        files = {f"{self.artifact}/{path}": file for path, file in layout.files.items()}
        for name, (_, size) in files.items():
            require(bundle, name, self.index)
            if bundle.size(name) != size:
                raise differs(name, "the size in the image's manifest")
        packed = {f"{self.artifact}/{path}" for image in layout.images for path in image.gzip_layers}
        return {
            name: ExpectedContents(sha256, at_most=LAYER_BYTES, unpacked_at_most=MAX_UNPACKED * (name in packed))
            for name, (sha256, _) in files.items()
        }

    def verify(self, bundle: Contents, unpacked: Mapping[str, int]) -> None:
        """Refuse an image that is too large for Lambda."""
        from controller.domain.components.image.rules import refuse_too_large

        inside = {name.removeprefix(f"{self.artifact}/"): size for name, size in unpacked.items()}
        for image in self.read_layout(bundle).images:
            refuse_too_large(image, inside, self.artifact)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder of the bundle, for code that knows only the paths in it."""

    bundle: Contents
    path: str

    def has(self, path: str) -> bool:
        return self.bundle.has(f"{self.path}/{path}")

    def read(self, path: str, at_most: int) -> bytes:
        return self.bundle.read(f"{self.path}/{path}", at_most)
