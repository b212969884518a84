"""Which of two versions is the older one, as semantic versions are ordered; other forms have no order."""

import re
from itertools import zip_longest

_FORM = re.compile(r"v?([0-9]{1,9}(?:\.[0-9]{1,9}){1,3})(?:-([0-9A-Za-z.-]+))?(?:\+.*)?")


def is_older(version: str, than: str) -> bool:
    """Whether the one version is certainly older than the other; False for versions that have no order (a commit)."""
    one, other = _FORM.fullmatch(version), _FORM.fullmatch(than)
    if not one or not other:
        return False
    numbers = zip_longest(_numbers(one[1]), _numbers(other[1]), fillvalue=0)
    for mine, theirs in numbers:
        if mine != theirs:
            return mine < theirs
    return _before_release(one[2]) < _before_release(other[2])


def _numbers(dotted: str) -> list[int]:
    return [int(number) for number in dotted.split(".")]


def _before_release(identifiers: str | None) -> tuple[int, list[tuple[int, int, str]]]:
    """The sort key of `rc.1` and the like: before the release itself; numbers before words."""
    if identifiers is None:
        return 1, []
    parts = identifiers.split(".")
    return 0, [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
