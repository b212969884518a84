"""Reads a file of parameters for a bundle, and refuses what should be a secret instead."""

from collections.abc import Collection
from fnmatch import fnmatch
from pathlib import Path

from controller.domain.parameters import parse_parameters
from controller.errors import InvalidBundleError
from selfright.secrecy import looks_secret


def read_parameters(place: Path, allowed: Collection[str] = ()) -> bytes:
    """The file as it is; raises `InvalidBundleError` when it is no file of parameters, or one looks like a secret.

    `allowed`: names or patterns of parameters that look like secrets but are none.
    """
    if not place.is_file():
        what = "is not a file" if place.exists() else "does not exist"
        raise InvalidBundleError(f"the artifact '{place}' {what}", "Name a YAML file of names and values.")
    text = place.read_bytes()
    for name, value in parse_parameters(text, place.name).values.items():
        if looks_secret(name, value) and not any(fnmatch(name, pattern) for pattern in allowed):
            reason = f"`{name}` in '{place}' looks like a secret, and everybody who can deploy can read parameters"
            advice = "Keep it in Secrets Manager and list it under `secrets`; if it is no secret, allow it by name."
            raise InvalidBundleError(reason, advice)
    return text
