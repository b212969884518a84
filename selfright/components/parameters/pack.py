"""Reads a file of parameters for a bundle, and refuses what should be a secret instead."""

from collections.abc import Collection
from pathlib import Path

from controller.domain.components.parameters.values import parse_parameters
from controller.errors import InvalidBundleError
from selfright.bundling.secrets import refuse_secret_parameters


def read_parameters(place: Path, allowed: Collection[str] = ()) -> bytes:
    """The file as it is; raises `InvalidBundleError` when it is no file of parameters, or one looks like a secret.

    `allowed`: names or patterns of parameters that look like secrets but are none.
    """
    if not place.is_file():
        what = "is not a file" if place.exists() else "does not exist"
        raise InvalidBundleError(f"the artifact '{place}' {what}", "Name a YAML file of names and values.")
    text = place.read_bytes()
    refuse_secret_parameters(parse_parameters(text, place.name).values, str(place), allowed)
    return text
