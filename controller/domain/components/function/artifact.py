"""A Lambda function in a bundle: its code is a zip."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents
from controller.domain.components.function.runtimes import why_gone, why_old
from controller.domain.components.function.variables import VariableName, why_too_large, with_record
from controller.domain.durations import Between
from controller.domain.names import matching
from controller.domain.reading.written import Whole
from controller.domain.zip.directory import AGAIN
from controller.errors import InvalidBundleError


def _settable(variables: dict[str, str]) -> dict[str, str]:
    if why := why_too_large(with_record(variables)):
        raise ValueError(f"are too many: {why}")
    return variables


def _updatable(runtime: str) -> str:
    if why := why_gone(runtime):
        raise ValueError(f"cannot be used: {why}")
    return runtime


Handler = Annotated[str, matching(r"\S{1,128}", "1 to 128 characters without spaces, like 'app.handler'")]
Runtime = Annotated[
    str,
    matching(r"[a-z][a-z0-9.-]{1,63}", "the name of a Lambda runtime, like 'python3.13'"),
    AfterValidator(_updatable),
]


class LambdaArtifact(Artifact):
    """The keys of every Lambda function, from a zip or an image. Only the given configuration is set."""

    memory: Annotated[Whole, Field(ge=128, le=10_240)] | None = None
    """The memory in MB, such as 512; unsaid, the function's own."""
    timeout: Annotated[int, Between("1s", "15m")] | None = None
    """The time after which Lambda ends it, such as 30s; unsaid, the function's own."""
    variables: Annotated[dict[VariableName, str], AfterValidator(_settable)] = {}
    """Environment variables that belong to the code: `{NODE_ENV: production}`; the environment's win. Nothing secret.
    """

    answers_requests: ClassVar[bool] = True
    can_be_loaded: ClassVar[bool] = True
    is_compared: ClassVar[bool] = True
    can_be_shared: ClassVar[bool] = True


class FunctionArtifact(LambdaArtifact):
    """A Lambda function's code: a zip in the bundle, a folder in the source."""

    kind: Literal["function"]
    """`function`: a Lambda function, from a folder or a `.zip` with its code."""
    handler: Handler | None = None
    """What Lambda calls, such as `app.handler`; unsaid, the function's own."""
    runtime: Runtime | None = None
    """Lambda's runtime, such as python3.13; unsaid, the function's own."""

    noun: ClassVar[str] = "a function"

    def verify(self, bundle: Contents, unpacked: Mapping[str, int]) -> None:  # noqa: ARG002 - a zip needs more than that
        """Check all of the zip, once for all functions of it: what Lambda unpacks is what its directory says."""
        from controller.domain.components.function.modes import brings_runtime  # noqa: PLC0415 - only when verified

        own_runtime = brings_runtime(self.runtime)
        bundle.once(f"{self.artifact} {own_runtime}", lambda: self._check(bundle, own_runtime=own_runtime))

    def _check(self, bundle: Contents, *, own_runtime: bool) -> None:
        from controller.domain.components.function.package import check_package  # noqa: PLC0415 - only when verified

        if not bundle.is_stored(self.artifact):
            reason = f"'{self.artifact}' is compressed a second time; it must be stored as it is"
            raise InvalidBundleError(reason, AGAIN)
        with bundle.stream(self.artifact) as stream:
            check_package(stream, self.artifact, own_runtime=own_runtime)

    def remarks(self, bundle: Contents) -> Iterator[str]:
        """A runtime that AWS supports no longer, and a handler without a file."""
        if why := why_old(self.runtime or ""):
            yield why
        if self.handler:
            from controller.domain.components.function.handlers import remarks_on_handler  # noqa: PLC0415 - seldom
            from controller.domain.components.function.package import names_in  # noqa: PLC0415 - only to read one

            def names() -> frozenset[str]:
                with bundle.stream(self.artifact) as stream:
                    return names_in(stream, self.artifact)

            yield from remarks_on_handler(self.handler, self.runtime, bundle.once(f"{self.artifact} names", names))
