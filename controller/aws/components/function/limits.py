"""What AWS Lambda would refuse of a release's version, found before anything is touched."""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.aws.components.function.configuration import variables_of
from controller.domain.components.contents import Contents
from controller.domain.components.function.artifact import FunctionArtifact, LambdaArtifact
from controller.domain.components.function.binaries import ARCHITECTURE_ADVICE, why_not_on
from controller.domain.components.function.package import MAX_FILES, MAX_UNPACKED
from controller.domain.components.function.runtimes import RUNTIME_ADVICE, why_gone
from controller.domain.components.function.variables import SIZE_ADVICE, why_too_large
from controller.domain.zip.directory import read_directory
from controller.errors import RefusedError

_MB = 1_000_000
_LAYERS_ADVICE = "Remove files from the package, or layers from the function's template."


def require_possible(name: str, artifact: LambdaArtifact, bundle: Contents, new: Mapping[str, Any]) -> None:
    """Raise `RefusedError` when Lambda would refuse the code, or `new`, the configuration of the new version.

    `name` is the component's. It makes no calls.
    """
    if trouble := next(_troubles(artifact, bundle, new), None):
        why, advice = trouble
        raise RefusedError(f"components.{name}: {why}.", advice)


def _troubles(artifact: LambdaArtifact, bundle: Contents, new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What Lambda would refuse, and what to do."""
    if why := why_too_large(variables_of(new)):
        yield why, SIZE_ADVICE
    if isinstance(artifact, FunctionArtifact):
        if why := why_gone(str(new.get("Runtime", ""))):
            yield why, RUNTIME_ADVICE
        yield from _of_the_package(artifact, bundle, new)


def _of_the_package(artifact: FunctionArtifact, bundle: Contents, new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    what = f"'{artifact.artifact}'"
    with bundle.stream(artifact.artifact) as package:
        directory = read_directory(package, what, MAX_FILES)
        unpacked = sum(entry.size for entry in directory.entries)
        # Lambda tells only how large a layer is packed, so this finds no layer that unpacks to much more.
        layers = sum(int(layer.get("CodeSize") or 0) for layer in new.get("Layers") or [])
        if layers and unpacked + layers > MAX_UNPACKED:
            sizes = f"{unpacked / _MB:,.1f} MB, and the function's layers have at least {layers / _MB:,.1f} MB"
            allowed = f"Lambda allows {MAX_UNPACKED / _MB:,.1f} MB together"
            yield f"{what} unpacks to {sizes}: {allowed}", _LAYERS_ADVICE
        for architecture in list(new.get("Architectures") or [])[:1]:
            if why := why_not_on(architecture, package, directory, what):
                yield why, ARCHITECTURE_ADVICE
