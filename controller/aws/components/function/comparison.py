"""What makes one version of a function behave differently from another, beside its code.

A new version is published from `$LATEST`, which is as the function's template (or a person) left it, with the release's
own settings on top. So a change of the template reaches visitors with the next release, even if that changes nothing
else.
"""

from collections.abc import Mapping
from typing import Any

from controller.aws.components.function.configuration import variables_of
from controller.domain.components.function.variables import RECORDS

ROLE, DEAD_LETTER = "execution role", "dead-letter queue"
_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "handler": ("Handler",),
    "runtime": ("Runtime",),
    "memory": ("MemorySize",),
    "timeout": ("Timeout",),
    "architecture": ("Architectures",),
    ROLE: ("Role",),
    DEAD_LETTER: ("DeadLetterConfig", "TargetArn"),
    "temporary storage": ("EphemeralStorage", "Size"),
    "tracing": ("TracingConfig", "Mode"),
    "subnets": ("VpcConfig", "SubnetIds"),
    "security groups": ("VpcConfig", "SecurityGroupIds"),
    "IPv6 in the VPC": ("VpcConfig", "Ipv6AllowedForDualStack"),
    "file systems": ("FileSystemConfigs",),
    "log format": ("LoggingConfig", "LogFormat"),
    "log group": ("LoggingConfig", "LogGroup"),
    "log level of the application": ("LoggingConfig", "ApplicationLogLevel"),
    "log level of the system": ("LoggingConfig", "SystemLogLevel"),
    "SnapStart": ("SnapStart", "ApplyOn"),
    "key": ("KMSKeyArn",),
    "command": ("ImageConfigResponse", "ImageConfig", "Command"),
    "entry point": ("ImageConfigResponse", "ImageConfig", "EntryPoint"),
    "working directory": ("ImageConfigResponse", "ImageConfig", "WorkingDirectory"),
}
"""The plain name of a setting → its path in Lambda's configuration."""
_UNORDERED = {"subnets", "security groups"}
_UNSET = {"SnapStart": "None", "tracing": "PassThrough", "temporary storage": "512", "IPv6 in the VPC": "False"}
"""What Lambda writes for some settings that nobody has made."""


def settings_of(configuration: Mapping[str, Any]) -> dict[str, str]:
    """Setting → value, both as text; settings without a value, or with that of a function of none, are absent."""
    found = {name: _text(_at(configuration, path), sort=name in _UNORDERED) for name, path in _SETTINGS.items()}
    found["layers"] = _text([layer["Arn"] for layer in configuration.get("Layers") or []])
    return {name: text for name, text in found.items() if text and text != _UNSET.get(name)}


def own_variables(configuration: Mapping[str, Any]) -> dict[str, str]:
    """The environment variables without Selfright's records."""
    return {name: value for name, value in variables_of(configuration).items() if name not in RECORDS}


def behaves_as(live: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether two versions with the same code have the same settings and variables."""
    return settings_of(live) == settings_of(new) and own_variables(live) == own_variables(new)


def _at(configuration: Mapping[str, Any], path: tuple[str, ...]) -> Any:  # noqa: ANN401 - JSON
    found: Any = configuration
    for part in path:
        found = (found or {}).get(part)
    return found


def _text(value: Any, *, sort: bool = False) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return ", ".join(sorted(map(str, value)) if sort else map(str, value))
    return str(value or "")
