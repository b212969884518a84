"""A site in a bundle: a folder of files, and an index of them beside it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents, ExpectedContents, differs, require
from controller.domain.zip.rules import why_unsafe

if TYPE_CHECKING:
    from controller.domain.components.site.index import SiteIndex


def _folder_pattern(pattern: str) -> str:
    folder = pattern.removesuffix("/**")
    if folder == pattern or why_unsafe(folder) or not {"*", "?", "["}.isdisjoint(folder):
        raise ValueError("must be a folder followed by '/**', like 'assets/**'")
    if folder.split("/")[0].lower() == "revisions":
        raise ValueError("cannot be in 'revisions/': Selfright keeps the site's revisions there")
    return pattern


HashedPattern = Annotated[str, AfterValidator(_folder_pattern)]


class SiteArtifact(Artifact):
    """A site's files: a folder. Files that match `hashed` have a hash of their contents in their names."""

    kind: Literal["site"]
    hashed: Annotated[list[HashedPattern], Field(max_length=20)] = ["assets/**"]

    noun: ClassVar[str] = "a site"
    answers_requests: ClassVar[bool] = True
    has_pages: ClassVar[bool] = True

    @property
    def index(self) -> str:
        """The path in the bundle of the index of the files."""
        return f"{self.artifact}.index.json"

    @property
    def claims(self) -> tuple[str, ...]:
        """The paths in the bundle that are this artifact's."""
        return (self.artifact, self.index)

    @property
    def notes(self) -> tuple[str, ...]:
        """The index: the manifest has its digest, and it has the digests of the files."""
        return (self.index,)

    def read_index(self, bundle: Contents) -> "SiteIndex":
        """The index of the files; raises `InvalidBundleError`."""
        from controller.domain.components.site.index import INDEX_BYTES, parse_index  # noqa: PLC0415 - only to read one

        return bundle.once(self.index, lambda: parse_index(bundle.read(self.index, at_most=INDEX_BYTES)))

    def files(self, bundle: Contents, where: str) -> Mapping[str, ExpectedContents]:
        """The files that the index lists, after their sizes were compared with it."""
        require(bundle, self.index, where)
        index = self.read_index(bundle)
        if index.digest != self.sha256:
            raise differs(self.index, "the digest in the manifest")
        files = {f"{self.artifact}/{path}": file for path, file in index.files.items()}
        for name, file in files.items():
            require(bundle, name, self.index)
            if bundle.size(name) != file.size:
                raise differs(name, "the size in the site's index")
        return {name: ExpectedContents(file.sha256, file.md5) for name, file in files.items()}
