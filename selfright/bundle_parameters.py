"""Reads a file of parameters for a bundle, and refuses what should be a secret instead."""

import re
from collections.abc import Collection
from fnmatch import fnmatch
from pathlib import Path

from controller.domain.parameters import parse_parameters
from controller.errors import InvalidBundleError

_SECRET_WORDS = {"credential", "credentials", "passphrase", "passwd", "password", "secret", "secrets"}
_SECRET_ENDS = ("api_key", "apikey", "private_key", "access_key", "_token")
_SECRET_VALUE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bsk-[A-Za-z0-9_-]{20,}")


def read_parameters(place: Path, allowed: Collection[str] = ()) -> bytes:
    """The file as it is; raises `InvalidBundleError` when it is no file of parameters, or one looks like a secret.

    `allowed`: names or patterns of parameters that look like secrets but are none.
    """
    if not place.is_file():
        what = "is not a file" if place.exists() else "does not exist"
        raise InvalidBundleError(f"the artifact '{place}' {what}", "Name a YAML file of names and values.")
    text = place.read_bytes()
    for name, value in parse_parameters(text, place.name).values.items():
        if _looks_secret(name, value) and not any(fnmatch(name, pattern) for pattern in allowed):
            reason = f"`{name}` in '{place}' looks like a secret, and everybody who can deploy can read parameters"
            advice = "Keep it in Secrets Manager and list it under `secrets`; if it is no secret, allow it by name."
            raise InvalidBundleError(reason, advice)
    return text


def _looks_secret(name: str, value: str) -> bool:
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().replace("-", "_").replace(".", "_")
    named = not _SECRET_WORDS.isdisjoint(words.split("_")) or words.endswith(_SECRET_ENDS)
    return named or bool(_SECRET_VALUE.search(value))
