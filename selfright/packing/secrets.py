"""Keeps secrets out of a bundle's settings: its parameters, variables, headers of checks, and events of tasks."""

from collections.abc import Iterator, Mapping

from controller.domain.bundle.manifest import Manifest
from controller.domain.checks.requests import Request
from controller.errors import InvalidBundleError
from selfright.packing.no_secrets import NOTHING, NoSecrets
from selfright.secrecy import looks_secret

_CREDENTIAL_HEADERS = {"authorization", "cookie", "proxy-authorization"}
"""Headers that always hold a secret."""
Setting = tuple[str, str, bool]
"""The place of a setting, its name, and whether it looks like a secret."""


def refuse_secrets(manifest: Manifest, allowed: NoSecrets = NOTHING) -> None:
    """Raise `InvalidBundleError` if a setting in the manifest looks like a secret that `allowed` does not take."""
    _refuse(_settings(manifest), allowed)


def refuse_secret_values(values: Mapping[str, str], file: str, allowed: NoSecrets = NOTHING) -> None:
    """Raise `InvalidBundleError` if a name or value of the file looks like a secret."""
    _refuse(_examined(f"'{file}'", values), allowed)


def _settings(manifest: Manifest) -> Iterator[Setting]:
    for name, component in manifest.components.items():
        for key, values in component.settings():
            yield from _examined(f"`components.{name}.{key}`", values)
    for number, task in enumerate(manifest.tasks):
        texts = {name: value for name, value in task.event.items() if isinstance(value, str)}
        yield from _examined(f"`tasks.{number}.event`", texts)
    for check in manifest.verification.everything:
        if isinstance(check, Request):
            where = f"the headers of the check {check.name}"
            yield from (
                (where, name, name in _CREDENTIAL_HEADERS or looks_secret(name, it))
                for name, it in check.headers.items()
            )


def _examined(where: str, values: Mapping[str, str]) -> Iterator[Setting]:
    return ((where, name, looks_secret(name, value)) for name, value in values.items())


def _refuse(settings: Iterator[Setting], allowed: NoSecrets) -> None:
    for where, name, secret in settings:
        if secret and not allowed.setting(name, where):
            reason = f"`{name}` in {where} looks like a secret, and everybody who can deploy can read a bundle"
            advice = "Keep it in Secrets Manager and list it under `secrets`; if it is no secret, allow it by name:"
            raise InvalidBundleError(reason, f"{advice} --allow {name}")
