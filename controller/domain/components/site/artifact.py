"""A site in a bundle: a folder of files, and an index of them beside it."""

from collections.abc import Iterator, Mapping
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


def _glob(pattern: str) -> str:
    bare = pattern.removeprefix("/").removesuffix("/")
    if problem := why_unsafe(bare):
        raise ValueError(problem if problem.startswith("must") else f"cannot be used: it {problem}")
    return pattern


HashedPattern = Annotated[str, AfterValidator(_folder_pattern)]
Glob = Annotated[str, Field(max_length=200), AfterValidator(_glob)]


class SiteArtifact(Artifact):
    """A site's files: a folder, without what matches `exclude`.

    Files that match `hashed` have a hash of their contents in their names. `left_out` is written by `selfright bundle`:
    pattern → how many files and folders it kept out of the bundle.
    """

    kind: Literal["site"]
    hashed: Annotated[list[HashedPattern], Field(max_length=20)] = ["assets/**"]
    exclude: Annotated[list[Glob], Field(max_length=50)] = []
    left_out: Annotated[dict[Glob, Annotated[int, Field(ge=0)]], Field(max_length=200)] = {}

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

    def remarks(self, bundle: Contents) -> Iterator[str]:  # noqa: ARG002 - what is left out is not in it
        """What was left out of the bundle."""
        if kept_out := ", ".join(f"{pattern} ({count})" for pattern, count in self.left_out.items() if count):
            yield f"Left out of the site: {kept_out}."
        if unused := ", ".join(f"'{pattern}'" for pattern, count in self.left_out.items() if not count):
            yield f"No file matches {unused} under `exclude`."

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
