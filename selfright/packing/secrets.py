"""Keeps secrets out of a bundle's settings: parameters, variables, headers and bodies of checks, events of tasks."""

import shlex
from collections.abc import Iterator, Mapping

from controller.domain.bundle.manifest import Manifest
from controller.domain.checks.requests import Request
from controller.errors import InvalidBundleError
from selfright.packing.no_secrets import NOTHING, NoSecrets
from selfright.secrecy import is_secret_value, looks_secret, texts_in

_CREDENTIAL_HEADERS = {"authorization", "cookie", "proxy-authorization"}
"""Headers that always hold a secret."""
_NAMED = 10
"""So many are named at once."""
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
        where = f"`tasks.{number}.event`"
        yield from ((where, name, looks_secret(name, text)) for name, text in texts_in(task.event))
    for check in manifest.verification.everything:
        if isinstance(check, Request):
            where = f"the headers of the check {check.name}"
            yield from (
                (where, name, name in _CREDENTIAL_HEADERS or looks_secret(name, it))
                for name, it in check.headers.items()
            )
            # A login has a password, which belongs to a user who may do nothing else; a key of a known form does not.
            where = f"the body of the check {check.name}"
            yield from ((where, name or "body", is_secret_value(text)) for name, text in texts_in(check.body))


def _examined(where: str, values: Mapping[str, str]) -> Iterator[Setting]:
    return ((where, name, looks_secret(name, value)) for name, value in values.items())


def _refuse(settings: Iterator[Setting], allowed: NoSecrets) -> None:
    """All of them are named at once."""
    found = [(name, where) for where, name, secret in settings if secret and not allowed.setting(name, where)]
    if not found:
        return
    shown = "; ".join(f"`{name}` in {where} looks like a secret" for name, where in found[:_NAMED])
    more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    reason = f"{shown}{more}, and everybody who can deploy can read a bundle"
    allow = " ".join(f"--allow {shlex.quote(name)}" for name in dict.fromkeys(name for name, _ in found[:_NAMED]))
    advice = "Keep it in Secrets Manager and list it under `secrets`; if it is no secret, allow it by name:"
    raise InvalidBundleError(reason, f"{advice} {allow}")
