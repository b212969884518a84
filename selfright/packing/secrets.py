"""No secret gets into a bundle by way of its settings: parameters, variables, and the headers of checks."""

from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatch

from controller.domain.bundle.manifest import Manifest
from controller.domain.checks.requests import Request
from controller.errors import InvalidBundleError
from selfright.secrecy import looks_secret

_SAY_WHO = {"authorization", "cookie", "proxy-authorization"}
"""Headers that hold a secret by their nature."""
Setting = tuple[str, str, bool]
"""Where it is, its name, and whether it looks like a secret."""


def refuse_secrets(manifest: Manifest, allowed: Collection[str] = ()) -> None:
    """Raises `InvalidBundleError` when something that the manifest says looks like a secret.

    `allowed`: names or patterns of what looks like a secret but is none.
    """
    _refuse(_settings(manifest), allowed)


def refuse_secret_values(values: Mapping[str, str], file: str, allowed: Collection[str] = ()) -> None:
    """The same for the names and values in a file."""
    _refuse(_looked_at(f"'{file}'", values), allowed)


def _settings(manifest: Manifest) -> Iterator[Setting]:
    for name, component in manifest.components.items():
        for key, values in component.settings():
            yield from _looked_at(f"`components.{name}.{key}`", values)
    for check in manifest.verification.everything:
        if isinstance(check, Request):
            where = f"the headers of the check {check.name}"
            yield from ((where, name, name in _SAY_WHO or looks_secret(name, it)) for name, it in check.headers.items())


def _looked_at(where: str, values: Mapping[str, str]) -> Iterator[Setting]:
    return ((where, name, looks_secret(name, value)) for name, value in values.items())


def _refuse(settings: Iterator[Setting], allowed: Collection[str]) -> None:
    for where, name, secret in settings:
        if secret and not any(fnmatch(name, pattern) for pattern in allowed):
            reason = f"`{name}` in {where} looks like a secret, and everybody who can deploy can read what is there"
            advice = "Keep it in Secrets Manager and list it under `secrets`; if it is no secret, allow it by name:"
            raise InvalidBundleError(reason, f"{advice} --allow {name}")
