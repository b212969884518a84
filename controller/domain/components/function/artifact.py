"""A Lambda function in a bundle: its code is a zip."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents
from controller.domain.names import matching
from controller.domain.reading.written import Whole
from controller.domain.zip.directory import AGAIN
from controller.errors import InvalidBundleError

_VARIABLE_BYTES = 4096
"""Lambda's limit for all environment variables of a function."""
_RESERVED = ("AWS_", "LAMBDA_", "_")


def _settable(variables: dict[str, str]) -> dict[str, str]:
    for name in variables:
        if name.upper().startswith(_RESERVED):
            raise ValueError(f"'{name}' is reserved for Lambda itself: choose another name")
    if sum(len(name.encode()) + len(value.encode()) for name, value in variables.items()) > _VARIABLE_BYTES:
        raise ValueError(f"have more than {_VARIABLE_BYTES} bytes together, which is Lambda's limit")
    return variables


VariableName = Annotated[str, matching("[A-Za-z_][A-Za-z0-9_]*", "letters, digits and '_', not beginning with a digit")]
Handler = Annotated[str, matching(r"\S{1,128}", "1 to 128 characters without spaces, like 'app.handler'")]
Runtime = Annotated[str, matching(r"[a-z][a-z0-9.]{1,63}", "the name of a Lambda runtime, like 'python3.13'")]


class LambdaArtifact(Artifact):
    """The keys of every Lambda function, from a zip or an image. Only the given configuration is set.

    `memory` is in MB, `timeout` in seconds.
    """

    memory: Annotated[Whole, Field(ge=128, le=10_240)] | None = None
    timeout: Annotated[Whole, Field(ge=1, le=900)] | None = None
    variables: Annotated[dict[VariableName, str], AfterValidator(_settable)] = {}

    answers_requests: ClassVar[bool] = True
    can_be_loaded: ClassVar[bool] = True


class FunctionArtifact(LambdaArtifact):
    """A Lambda function's code: a zip in the bundle, a folder in the source."""

    kind: Literal["function"]
    handler: Handler | None = None
    runtime: Runtime | None = None

    noun: ClassVar[str] = "a function"

    def verify(self, bundle: Contents, ends: Mapping[str, bytes]) -> None:  # noqa: ARG002 - a zip needs more than that
        """Check the zip's directory. Its contents are not unpacked here: the digest pins them, and Lambda unpacks."""
        from controller.domain.components.function.package import check_package  # noqa: PLC0415 - only when verified

        if not bundle.is_stored(self.artifact):
            reason = f"'{self.artifact}' is compressed a second time; it must be stored as it is"
            raise InvalidBundleError(reason, AGAIN)
        with bundle.stream(self.artifact) as stream:
            check_package(stream, self.artifact, runtime=self.runtime)
