"""The deployable parts that a manifest lists: where each lies in the bundle, and how it is configured."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from controller.domain.zip.rules import why_unsafe

MANIFEST_NAME = "release.yaml"
_VARIABLE_BYTES = 4096
"""Lambda's limit for all environment variables of a function."""
_RESERVED = ("AWS_", "LAMBDA_", "_")


def matching(pattern: str, rule: str) -> AfterValidator:
    """A validator that says what is allowed in words instead of a pattern."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"must be {rule}")
        return value

    return AfterValidator(check)


def _inside_the_bundle(path: str) -> str:
    bare = path.removesuffix("/")
    if problem := why_unsafe(bare):
        raise ValueError(problem if problem.startswith("must") else f"cannot be used: it {problem}")
    if bare.lower() == MANIFEST_NAME:
        raise ValueError("is the manifest itself")
    return bare


def _folder_pattern(pattern: str) -> str:
    folder = pattern.removesuffix("/**")
    if folder == pattern or why_unsafe(folder) or not {"*", "?", "["}.isdisjoint(folder):
        raise ValueError("must be a folder followed by '/**', like 'assets/**'")
    if folder.split("/")[0].lower() == "revisions":
        raise ValueError("cannot be in 'revisions/': Selfright keeps the site's revisions there")
    return pattern


def _settable(variables: dict[str, str]) -> dict[str, str]:
    for name in variables:
        if name.upper().startswith(_RESERVED):
            raise ValueError(f"'{name}' is reserved for Lambda itself: choose another name")
    if sum(len(name.encode()) + len(value.encode()) for name, value in variables.items()) > _VARIABLE_BYTES:
        raise ValueError(f"have more than {_VARIABLE_BYTES} bytes together, which is Lambda's limit")
    return variables


Digest = Annotated[
    str, matching("(sha256:[0-9a-f]{64})?", "'sha256:' and 64 hex digits, as `selfright bundle` writes it")
]
ArtifactPath = Annotated[str, AfterValidator(_inside_the_bundle)]
HashedPattern = Annotated[str, AfterValidator(_folder_pattern)]
VariableName = Annotated[str, matching("[A-Za-z_][A-Za-z0-9_]*", "letters, digits and '_', not beginning with a digit")]
StackParameter = Annotated[str, matching("[A-Za-z0-9]{1,255}", "1 to 255 letters and digits")]
Handler = Annotated[str, matching(r"\S{1,128}", "1 to 128 characters without spaces, like 'app.handler'")]
Words = Annotated[list[str], Field(min_length=1, max_length=1500)]
"""A command line, word by word."""
Runtime = Annotated[str, matching(r"[a-z][a-z0-9.]{1,63}", "the name of a Lambda runtime, like 'python3.13'")]


class ArtifactBase(BaseModel):
    """What every component has. `digest` is empty in the source form; `after` names the components that go first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    artifact: ArtifactPath
    digest: Digest = ""
    after: Annotated[list[str], Field(max_length=50)] = []

    @property
    def sha256(self) -> str:
        """The digest in hex."""
        return self.digest.removeprefix("sha256:")

    @property
    def claims(self) -> tuple[str, ...]:
        """The paths in the bundle that are this artifact's."""
        return (self.artifact,)


class LambdaArtifact(ArtifactBase):
    """What every Lambda function has, whatever its code comes in. Only the configuration given is set.

    `memory` in MB, `timeout` in seconds.
    """

    memory: Annotated[int, Field(ge=128, le=10_240)] | None = None
    timeout: Annotated[int, Field(ge=1, le=900)] | None = None
    variables: Annotated[dict[VariableName, str], AfterValidator(_settable)] = {}


class FunctionArtifact(LambdaArtifact):
    """A Lambda function's code: a zip in the bundle, a folder in the source."""

    kind: Literal["function"]
    handler: Handler | None = None
    runtime: Runtime | None = None


class ImageArtifact(LambdaArtifact):
    """A Lambda function's container image: an OCI layout, a folder in the bundle, a folder or a `.tar` in the source.

    The digest is that of the layout's `index.json`, which holds the digests of everything else. `command`,
    `entry_point` and `working_directory` take the place of the image's own.
    """

    kind: Literal["image"]
    command: Words | None = None
    entry_point: Words | None = None
    working_directory: Annotated[str, Field(min_length=1, max_length=1000)] | None = None

    @property
    def index(self) -> str:
        """Where in the bundle the layout's index is."""
        return f"{self.artifact}/index.json"


class SiteArtifact(ArtifactBase):
    """A site's files: a folder. Files that match `hashed` have their contents' hash in their name."""

    kind: Literal["site"]
    hashed: Annotated[list[HashedPattern], Field(max_length=20)] = ["assets/**"]

    @property
    def index(self) -> str:
        """Where in the bundle the index of the files is."""
        return f"{self.artifact}.index.json"

    @property
    def claims(self) -> tuple[str, ...]:
        """The paths in the bundle that are this artifact's."""
        return (self.artifact, self.index)


class ParametersArtifact(ArtifactBase):
    """Settings of the application: a YAML file of names and values."""

    kind: Literal["parameters"]


class StackArtifact(ArtifactBase):
    """A CloudFormation template, JSON or YAML, and values for its parameters; an environment's own values win."""

    kind: Literal["stack"]
    parameters: Annotated[dict[StackParameter, Annotated[str, Field(max_length=4096)]], Field(max_length=200)] = {}


Artifact = FunctionArtifact | ImageArtifact | SiteArtifact | ParametersArtifact | StackArtifact
