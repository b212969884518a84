"""An artifact, what a component is in a bundle: its path, its files, and the checks that it allows."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from controller.domain.components.contents import Contents, ExpectedContents, require
from controller.domain.components.instance_default import InstanceDefault
from controller.domain.names import matching
from controller.domain.zip.rules import why_unsafe
from controller.errors import InvalidBundleError

MANIFEST_NAME = "release.yaml"
BUILD_KEY = "build"
"""The key of a component for how its artifact is made; no bundle contains it."""


def _inside_the_bundle(path: str) -> str:
    bare = path.removesuffix("/")
    if bare in {"", "."}:
        raise ValueError("must be a folder or a file beside release.yaml, and not the folder of release.yaml itself")
    if problem := why_unsafe(bare):
        raise ValueError(problem if problem.startswith("must") else f"cannot be used: it {problem}")
    if bare.lower() == MANIFEST_NAME:
        raise ValueError("is the manifest itself")
    return bare


Digest = Annotated[
    str, matching("(sha256:[0-9a-f]{64})?", "'sha256:' and 64 hex digits, as `selfright bundle` writes it")
]
ArtifactPath = Annotated[str, AfterValidator(_inside_the_bundle)]


class Artifact(BaseModel):
    """The keys of every component.

    Each kind is a subclass with `kind: Literal[…]`, in a folder of its own. The flags say which checks it allows:
    requests (`answers_requests`), a load (`can_be_loaded`), pages loaded as by a browser (`has_pages`). `is_compared`:
    the judge compares its versions.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, ignored_types=(InstanceDefault,))

    kind: str
    """What it is: `function`, `image`, `site`, `parameters`, `stack` or `state_machine`."""
    artifact: ArtifactPath
    """Where it lies, beside release.yaml: `dist`."""
    digest: Digest = ""
    """Written by `selfright bundle`, so leave it out."""
    after: Annotated[list[str], Field(max_length=50)] = []
    """The components that are staged, tested and shifted before this one: `[api]`."""

    of_bundles: ClassVar[frozenset[str]] = frozenset({"digest"})
    """The keys that `selfright bundle` writes, and nobody else."""
    noun: ClassVar[str] = ""
    """The kind with its article, if it has one, for messages: "a function"."""
    answers_requests: ClassVar[bool] = False
    can_be_loaded: ClassVar[bool] = False
    has_pages: ClassVar[bool] = False
    is_compared: ClassVar[bool] = False
    can_be_shared: ClassVar[bool] = False
    """Whether several components of this kind may be made of one artifact."""

    if TYPE_CHECKING:

        @property
        def variables(self) -> Mapping[str, str]:
            """The environment variables that it sets; empty for kinds without this key."""
    else:
        variables = InstanceDefault({})

    @property
    def sha256(self) -> str:
        """The digest in hex."""
        return self.digest.removeprefix("sha256:")

    @property
    def claims(self) -> tuple[str, ...]:
        """The paths in the bundle that are this artifact's."""
        return (self.artifact,)

    @property
    def notes(self) -> tuple[str, ...]:
        """The files that it adds to the bundle besides `files`: its index, unless `files` has it."""
        return ()

    def files(self, bundle: Contents, where: str) -> Mapping[str, ExpectedContents]:
        """Its files by path; also reads and checks the documents that describe them.

        Raises `InvalidBundleError` when one is missing or is not as described; `where` names the artifact in messages.
        """
        require(bundle, self.artifact, where)
        return {self.artifact: ExpectedContents(self.sha256)}

    def verify(self, bundle: Contents, unpacked: Mapping[str, int]) -> None:
        """Check what only the files' contents show, after their digests were compared; raises `InvalidBundleError`.

        `unpacked` are the sizes in bytes to which its gzip files unpack, by path.
        """

    def remarks(self, bundle: Contents) -> Iterator[str]:  # noqa: ARG002 - for kinds that read it
        """What people should know of its contents before it is released, each a sentence; read after `files`."""
        yield from ()

    def settings(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The names and values that users wrote into the manifest, by key: they are searched for secrets."""
        if self.variables:
            yield "variables", self.variables

    @classmethod
    def of(cls, artifact: "Artifact", name: str) -> Self:
        """The artifact as one of this kind; raises `InvalidBundleError` when the component `name` is of another."""
        if not isinstance(artifact, cls):
            reason = f"component {name} is {cls.noun} in this environment and a {artifact.kind} in the bundle"
            raise InvalidBundleError(reason)
        return artifact
