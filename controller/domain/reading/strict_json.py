"""Reads JSON from untrusted sources: every key once, numbers that are finite, text that can be written again."""

import json
import math
from collections import Counter
from typing import Any, NoReturn

from controller.domain.reading.strict_yaml import UnreadableError

_LONGEST_NUMBER = 400
_SHOWN = 60


def read_json(text: str, most_depth: int) -> Any:  # noqa: ANN401 - any JSON
    """The text's value, with lists and objects at most so deep in each other; raises `UnreadableError`."""
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_not_finite, parse_int=_integer, parse_float=_float
        )
    except RecursionError as error:
        raise UnreadableError(f"nested more than {most_depth} deep") from error
    except json.JSONDecodeError as error:
        raise UnreadableError(f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    _require_sane(value, most_depth)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise UnreadableError(f"the key '{twice[:_SHOWN]}' appears twice in one object")
    return found


def _not_finite(word: str) -> NoReturn:
    raise UnreadableError(f"{word} is not JSON")


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise UnreadableError(f"the number {digits[:_SHOWN]}… has {len(digits):,} digits")
    return int(digits)


def _float(digits: str) -> float:
    if not math.isfinite(number := float(digits)):
        raise UnreadableError(f"the number {digits[:_SHOWN]} is too large")
    return number


def _require_sane(value: Any, most_depth: int) -> None:  # noqa: ANN401 - any JSON
    """Refuse deep nesting, and escapes for halves of characters, which no file can hold."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > most_depth:
            raise UnreadableError(f"nested more than {most_depth} deep")
        following: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                following += [*one.keys(), *one.values()]
            elif isinstance(one, list):
                following += one
            elif isinstance(one, str) and not one.isascii():
                _require_characters(one)
        level = following


def _require_characters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UnreadableError(f"{text[:_SHOWN]!a} has half of a character (a lone surrogate)") from error
