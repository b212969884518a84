"""Durations in the form of the environment's document: `30s`, `10m`, `1h30m`."""

import re

from selfright.cdk.errors import DeclarationError

_FORM = re.compile(r"(?=.)([0-9]{1,6}d)?([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?")
"""The controller has the same pattern; a test compares the two."""


def check(key: str, value: object) -> None:
    """Raise `DeclarationError` unless the value of this key is a duration, so that synthesis fails and not a release.

    The controller checks whether it is too short or too long for its key.
    """
    if isinstance(value, str) and _FORM.fullmatch(value):
        return
    seconds = f" (seconds are written '{value}s')" if isinstance(value, int) else ""
    raise DeclarationError(f"{key}: write a duration such as '30s', '10m' or '1h30m', not {value!r}{seconds}")


def checked(key: str, value: str) -> str:
    """The value, checked as `check` does."""
    check(key, value)
    return value
