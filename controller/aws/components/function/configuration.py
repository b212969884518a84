"""What a release says about a function's configuration, compared with what the function has.

Only what is given is set; everything else stays as the function's template made it. Environment variables are merged,
the later over the earlier: the function's own (its template's), the release's, the environment's, which knows best
because it is about one place. The names that a release set are noted in a variable of their own, `SELFRIGHT_VARIABLES`,
so that a variable which the next release does not have any more goes away, also after a rollback (which leaves the
rolled-back configuration in `$LATEST`). So a variable should be the template's or the releases', not both.

In the same way `SELFRIGHT_SETTINGS` notes what a release set and what was there before: a setting that the next release
does not give any more is put back, unless somebody else changed it meanwhile.
"""

import json
from collections.abc import Mapping
from typing import Any

from controller.domain.components.function.artifact import LambdaArtifact
from controller.errors import AwsError

RECORD, SETTINGS_RECORD = "SELFRIGHT_VARIABLES", "SELFRIGHT_SETTINGS"
RECORDS = {RECORD, SETTINGS_RECORD}
SETTINGS = {"handler": "Handler", "runtime": "Runtime", "memory": "MemorySize", "timeout": "Timeout"}
"""The manifest's keys and Lambda's."""
IMAGE_SETTINGS = {"command": "Command", "entry_point": "EntryPoint", "working_directory": "WorkingDirectory"}
"""The same for a container image; Lambda has them under `ImageConfig`, and they are set together."""
IMAGE = "ImageConfig"
_RECORDED = {*SETTINGS.values(), IMAGE}


class Wanted:
    """The configuration that a release wants for a function in an environment."""

    def __init__(self, artifact: LambdaArtifact, variables: Mapping[str, str], *, exact: bool = False) -> None:
        """`variables` are the environment's. `exact`: what is not given of an image's command is the image's own."""
        self._exact = exact
        self._settings = _given(artifact, SETTINGS)
        self._image = _given(artifact, IMAGE_SETTINGS)
        self._variables = {**artifact.variables, **variables}

    def is_in(self, configuration: Mapping[str, Any]) -> bool:
        """Whether a version has all of it, and neither a variable nor a setting that only an older release gave."""
        has = variables_of(configuration)
        same = all(has.get(name) == value for name, value in self._variables.items())
        return same and _recorded(has) == set(self._variables) and not self._different(configuration)

    def changes(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments for `UpdateFunctionConfiguration`; empty when there is nothing to change."""
        different = self._different(configuration)
        merged = self._merged(configuration, different)
        return different | ({"Environment": {"Variables": merged}} if merged != variables_of(configuration) else {})

    def _different(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        image = _setting(configuration, IMAGE)
        before = {IMAGE: image} | ({} if self._exact else self._templates(configuration))
        wanted = {**before, **self._settings, IMAGE: self._image if self._exact else {**before[IMAGE], **self._image}}
        return {name: value for name, value in wanted.items() if _setting(configuration, name) != value}

    def _templates(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        """What was there before releases set it, of what still is as they set it."""
        recorded = _settings_of(configuration).items()
        return {name: before for name, (given, before) in recorded if _setting(configuration, name) == given}

    def _merged(self, configuration: Mapping[str, Any], different: Mapping[str, Any]) -> dict[str, str]:
        has = variables_of(configuration)
        older = _recorded(has) | RECORDS
        templates = {name: value for name, value in has.items() if name not in older}
        record = {RECORD: ",".join(sorted(self._variables))} if self._variables else {}
        return {**templates, **self._variables, **record, **self._settings_record(configuration, different)}

    def _settings_record(self, configuration: Mapping[str, Any], different: Mapping[str, Any]) -> dict[str, str]:
        names = [*self._settings, *([IMAGE] if self._image else [])]
        current = {name: _setting(configuration, name) for name in names}
        before = {**current, **self._templates(configuration)}
        given = {**current, **different}
        record = {name: (given[name], before[name]) for name in names if given[name] != before[name]}
        return {SETTINGS_RECORD: json.dumps(record, sort_keys=True, separators=(",", ":"))} if record else {}


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


def _settings_of(configuration: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Setting → what a release set, and what was there before; nothing of a record that somebody has spoilt."""
    try:
        found = json.loads(variables_of(configuration).get(SETTINGS_RECORD, "{}"))
        return {name: (given, before) for name, (given, before) in found.items() if name in _RECORDED}
    except (AttributeError, TypeError, ValueError):
        return {}


def _setting(configuration: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - text, a number, or an image's words
    if name == IMAGE:
        return configuration.get("ImageConfigResponse", {}).get(IMAGE, {})
    return configuration.get(name)
