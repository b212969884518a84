"""What a release says about a function's configuration, compared with what the function has.

Only what is given is set; everything else stays as the function's template made it. Environment variables are merged,
the later over the earlier: the function's own (its template's), the release's, the environment's, which knows best
because it is about one place. The names that a release set are noted in a variable of their own, `SELFRIGHT_VARIABLES`,
so that a variable which the next release does not have any more goes away, also after a rollback (which leaves the
rolled-back configuration in `$LATEST`). So a variable should be the template's or the releases', not both.
"""

from collections.abc import Mapping
from typing import Any

from controller.domain.artifacts import ImageArtifact, LambdaArtifact
from controller.errors import AwsError

RECORD = "SELFRIGHT_VARIABLES"
SETTINGS = {"handler": "Handler", "runtime": "Runtime", "memory": "MemorySize", "timeout": "Timeout"}
"""The manifest's keys and Lambda's."""
IMAGE_SETTINGS = {"command": "Command", "entry_point": "EntryPoint", "working_directory": "WorkingDirectory"}
"""The same for a container image; Lambda has them under `ImageConfig`, and they are set together."""


class Wanted:
    """The configuration that a release wants for a function in an environment."""

    def __init__(self, artifact: LambdaArtifact, variables: Mapping[str, str], *, exact: bool = False) -> None:
        """`variables` are the environment's. `exact`: what is not given of an image's command is the image's own."""
        self._exact = exact
        self._settings = _given(artifact, SETTINGS)
        self._image = _given(artifact, IMAGE_SETTINGS) if isinstance(artifact, ImageArtifact) else {}
        self._variables = {**artifact.variables, **variables}

    def is_in(self, configuration: Mapping[str, Any]) -> bool:
        """Whether a version has all of it, and no variable of an older release."""
        has = variables_of(configuration)
        same = all(has.get(name) == value for name, value in self._variables.items())
        return same and _recorded(has) == set(self._variables) and not self._different(configuration)

    def changes(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments for `UpdateFunctionConfiguration`; empty when there is nothing to change."""
        has = variables_of(configuration)
        merged = self._merged(has)
        return self._different(configuration) | ({"Environment": {"Variables": merged}} if merged != has else {})

    def _different(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        different = {name: value for name, value in self._settings.items() if configuration.get(name) != value}
        has = configuration.get("ImageConfigResponse", {}).get("ImageConfig", {})
        image = self._image if self._exact else {**has, **self._image}
        return different | ({"ImageConfig": image} if image != has else {})

    def _merged(self, has: Mapping[str, str]) -> dict[str, str]:
        older = _recorded(has) | {RECORD}
        templates = {name: value for name, value in has.items() if name not in older}
        record = {RECORD: ",".join(sorted(self._variables))} if self._variables else {}
        return {**templates, **self._variables, **record}


def _given(artifact: LambdaArtifact, names: Mapping[str, str]) -> dict[str, Any]:
    values = ((aws, getattr(artifact, ours, None)) for ours, aws in names.items())
    return {name: value for name, value in values if value is not None}


def variables_of(configuration: Mapping[str, Any]) -> dict[str, str]:
    """The environment variables; raises `AwsError` when Lambda could not decrypt them, because they would be lost."""
    environment = configuration.get("Environment", {})
    if "Error" in environment:
        reason = f"the environment variables of {configuration.get('FunctionName')} cannot be read"
        raise AwsError(f"{reason}. Allow kms:Decrypt on the function's key for this role.", code="KMSAccessDenied")
    return dict(environment.get("Variables", {}))


def _recorded(variables: Mapping[str, str]) -> set[str]:
    return {name for name in variables.get(RECORD, "").split(",") if name}
