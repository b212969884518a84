"""What a release says about a function's configuration, compared with the function's present configuration.

A release sets only what it gives; everything else stays as the function's template made it. Environment variables are
merged, the later over the earlier: the function's own (from its template), the release's, and the environment's, which
win because they are about one place. The variable `SELFRIGHT_VARIABLES` lists the names that a release set. So a
variable that the next release does not have is removed, even after a rollback (which leaves the configuration that was
rolled back in `$LATEST`). A variable should therefore belong to the template or to the releases, not to both.

In the same way `SELFRIGHT_SETTINGS` records what a release set and what was there before: a setting that the next
release does not give gets its former value again, unless somebody else changed it in the meantime.
"""

import json
from collections.abc import Mapping
from typing import Any

from controller.domain.components.function.artifact import LambdaArtifact
from controller.domain.components.function.variables import RECORD, RECORDS, SETTINGS_RECORD, with_record
from controller.errors import AwsError

SETTINGS = {"handler": "Handler", "runtime": "Runtime", "memory": "MemorySize", "timeout": "Timeout"}
"""Key in the manifest → Lambda's name."""
IMAGE_SETTINGS = {"command": "Command", "entry_point": "EntryPoint", "working_directory": "WorkingDirectory"}
"""The same for a container image; Lambda has these under `ImageConfig`, and sets them together."""
IMAGE = "ImageConfig"
_RECORDED = {*SETTINGS.values(), IMAGE}


class Wanted:
    """The configuration that a release wants for a function in an environment."""

    def __init__(self, artifact: LambdaArtifact, variables: Mapping[str, str], *, exact: bool = False) -> None:
        """`variables` are the environment's. `exact`: parts of the command that the release omits are the image's."""
        self._exact = exact
        self._settings = _given(artifact, SETTINGS)
        self._image = _given(artifact, IMAGE_SETTINGS)
        self._variables = {**artifact.variables, **variables}

    def is_in(self, configuration: Mapping[str, Any]) -> bool:
        """Whether a version has all of this, and no variable or setting that only an older release gave."""
        has = variables_of(configuration)
        same = all(has.get(name) == value for name, value in self._variables.items())
        return same and _recorded(has) == set(self._variables) and not self._different(configuration)

    def changes(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments for `UpdateFunctionConfiguration`; empty when there is nothing to change."""
        different = self._different(configuration)
        merged = self._merged(configuration, different)
        return different | ({"Environment": {"Variables": merged}} if merged != variables_of(configuration) else {})

    def applied_to(self, latest: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration of the version that would be published: that of `$LATEST`, with all of this on top."""
        changes = self.changes(latest)
        image = {"ImageConfigResponse": {IMAGE: changes.pop(IMAGE)}} if IMAGE in changes else {}
        return {**latest, **changes, **image}

    def _different(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        image = _setting(configuration, IMAGE)
        before = {IMAGE: image} | ({} if self._exact else self._templates(configuration))
        wanted = {**before, **self._settings, IMAGE: self._image if self._exact else {**before[IMAGE], **self._image}}
        return {name: value for name, value in wanted.items() if _setting(configuration, name) != value}

    def _templates(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        """Setting → its value before releases set it, for settings that still have the release's value."""
        recorded = _settings_of(configuration).items()
        return {name: before for name, (given, before) in recorded if _setting(configuration, name) == given}

    def _merged(self, configuration: Mapping[str, Any], different: Mapping[str, Any]) -> dict[str, str]:
        has = variables_of(configuration)
        older = _recorded(has) | RECORDS
        templates = {name: value for name, value in has.items() if name not in older}
        return {**templates, **with_record(self._variables), **self._settings_record(configuration, different)}

    def _settings_record(self, configuration: Mapping[str, Any], different: Mapping[str, Any]) -> dict[str, str]:
        names = [*self._settings, *([IMAGE] if self._image else [])]
        current = {name: _setting(configuration, name) for name in names}
        before = {**current, **self._templates(configuration)}
        given = {**current, **different}
        record = {name: (given[name], before[name]) for name in names if given[name] != before[name]}
        return {SETTINGS_RECORD: json.dumps(record, sort_keys=True, separators=(",", ":"))} if record else {}


class Published(Wanted):
    """The configuration that the release wanted that published a version, as the version itself records it."""

    def __init__(self, version: Mapping[str, Any]) -> None:
        self._has = variables_of(version)
        given = {name: value for name, (value, _) in _settings_of(version).items()}
        self._exact, self._image, self._settings = False, given.pop(IMAGE, {}), given
        self._variables = {name: self._has[name] for name in _recorded(self._has) if name in self._has}

    def _merged(self, configuration: Mapping[str, Any], different: Mapping[str, Any]) -> dict[str, str]:
        """With the template's variables that a later release has replaced."""
        replaced = _recorded(variables_of(configuration)) & self._has.keys()
        return {**{name: self._has[name] for name in replaced}, **super()._merged(configuration, different)}


def _given(artifact: LambdaArtifact, names: Mapping[str, str]) -> dict[str, Any]:
    values = ((aws, getattr(artifact, ours, None)) for ours, aws in names.items())
    return {name: value for name, value in values if value is not None}


def variables_of(configuration: Mapping[str, Any]) -> dict[str, str]:
    """The environment variables. Raises `AwsError` if Lambda cannot decrypt them: an update would lose them."""
    environment = configuration.get("Environment", {})
    if "Error" in environment:
        reason = f"the environment variables of {configuration.get('FunctionName')} cannot be read"
        raise AwsError(f"{reason}. Allow kms:Decrypt on the function's key for this role.", code="KMSAccessDenied")
    return dict(environment.get("Variables", {}))


def _recorded(variables: Mapping[str, str]) -> set[str]:
    return {name for name in variables.get(RECORD, "").split(",") if name}


def _settings_of(configuration: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Setting → the release's value, and the value before; empty when somebody has damaged the record."""
    try:
        found = json.loads(variables_of(configuration).get(SETTINGS_RECORD, "{}"))
        return {name: (given, before) for name, (given, before) in found.items() if name in _RECORDED}
    except (AttributeError, TypeError, ValueError):
        return {}


def _setting(configuration: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - text, a number, or an image's command
    if name == IMAGE:
        return configuration.get("ImageConfigResponse", {}).get(IMAGE, {})
    return configuration.get(name)
