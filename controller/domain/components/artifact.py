"""What every kind of component is in a bundle: where it lies, what belongs to it, and what can be asked of it."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from controller.domain.components.contents import Contents, Expected, require
from controller.domain.components.otherwise import Otherwise
from controller.domain.names import matching
from controller.domain.zip.rules import why_unsafe
from controller.errors import InvalidBundleError

MANIFEST_NAME = "release.yaml"


def _inside_the_bundle(path: str) -> str:
    bare = path.removesuffix("/")
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
    """What every component has. `digest` is empty in the source form; `after` names the components that go first.

    Each kind is a subclass with `kind: Literal[…]`, in a folder of its own. The flags say what checks can ask of it:
    requests (`answers_requests`), requests under load (`can_be_loaded`), pages in a browser's way (`has_pages`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, ignored_types=(Otherwise,))

    kind: str
    artifact: ArtifactPath
    digest: Digest = ""
    after: Annotated[list[str], Field(max_length=50)] = []

    noun: ClassVar[str] = ""
    """The kind with its article, if it takes one, for messages: "a function"."""
    answers_requests: ClassVar[bool] = False
    can_be_loaded: ClassVar[bool] = False
    has_pages: ClassVar[bool] = False

    if TYPE_CHECKING:

        @property
        def variables(self) -> Mapping[str, str]:
            """The environment variables that it sets; none, unless its kind has such a key."""
    else:
        variables = Otherwise({})

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
        """The files besides `files` that the bundle has because of it: its index, if that is none of them."""
        return ()

    def files(self, bundle: Contents, where: str) -> Mapping[str, Expected]:
        """The files that it consists of; what describes them is read and checked on the way.

        Raises `InvalidBundleError` when one is missing or is not as described; `where` is the artifact, for people.
        """
        require(bundle, self.artifact, where)
        return {self.artifact: Expected(self.sha256)}

    def verify(self, bundle: Contents, ends: Mapping[str, bytes]) -> None:
        """What can only be told once the files were read and are what they must be; raises `InvalidBundleError`.

        `ends` are the last four bytes of each of its files by path.
        """

    def settings(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """What people wrote into the manifest by name and value, under its key: it is searched for secrets."""
        if self.variables:
            yield "variables", self.variables

    @classmethod
    def of(cls, artifact: "Artifact", name: str) -> Self:
        """The artifact as one of this kind; raises `InvalidBundleError` when the component `name` is of another."""
        if not isinstance(artifact, cls):
            reason = f"component {name} is {cls.noun} in this environment and a {artifact.kind} in the bundle"
            raise InvalidBundleError(reason)
        return artifact
