"""Turns pydantic's findings about a manifest into sentences: the place, the mistake, and what is allowed."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from controller.domain.printable import printable
from controller.domain.reading.written import Plain, Position, place_of

_AT_ONCE = 5
"""How many findings a message has."""
_SHOWN = 60
_LARGEST_BITS = 512
_KIND_AT = {"verification": 3}
"""Where pydantic puts the kind of a check into a finding's location, though it is not a key of the file."""
_PRIVATE = {"variables", "body", "headers", "keys"}
"""A message never repeats values under these keys."""

_NAMED = re.compile(r"`([a-z0-9_.-]{1,200})`")
"""A key at the beginning of a message."""
NOWHERE = Position(0, 0)

KnownKeys = Mapping[tuple[str, ...], Iterable[str]]
"""Place in the file → allowed keys. `*` stands for any one name or number."""


def explain(findings: Sequence[ErrorDetails], known_keys: KnownKeys, content: object = None) -> str:
    """One sentence for each of the first few findings, with its place in the file that `content` was read from.

    They have the order of the file.
    """
    placed = sorted(((_place(finding, content), finding) for finding in findings), key=lambda one: one[0] or NOWHERE)
    sentences = [
        f"{f'{place}: ' if place else ''}{_sentence(finding, known_keys)}" for place, finding in placed[:_AT_ONCE]
    ]
    more = len(findings) - len(sentences)
    return printable("; ".join([*sentences, f"and {more} more"] if more > 0 else sentences))


def near(word: str, allowed: Iterable[str]) -> str:
    """` (did you mean 'x'? allowed: x, y)`, or only what is allowed."""
    choices = sorted(one for one in allowed if one != word)
    close = difflib.get_close_matches(word, choices, n=1)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f" ({hint}allowed: {', '.join(choices)})"


def _place(finding: ErrorDetails, content: object) -> Position | None:
    where = finding["loc"]
    if finding["type"] == "union_tag_invalid":
        where = (*where, "kind")
    elif not where and (named := _NAMED.match(_message(finding))):  # what depends on several keys
        where = tuple(int(part) if part.isdecimal() else part for part in named[1].split("."))
    return place_of(content, where)


def _sentence(finding: ErrorDetails, known_keys: KnownKeys) -> str:
    where = [str(part) for part in finding["loc"]]
    shown = f"`{_path(where)}`" if where else "release.yaml"
    match finding["type"]:
        case "missing":
            return f"{shown} is missing"
        case "extra_forbidden":
            return f"{shown} is not a known key{near(where[-1], _keys_at(where[:-1], known_keys))}"
        case "union_tag_not_found":
            return f"`{_path(where)}.kind` is missing (allowed: {', '.join(sorted(_kinds(where, known_keys)))})"
        case "union_tag_invalid":
            kind = str(finding["ctx"]["tag"])[:_SHOWN]
            return f"`{_path(where)}.kind` '{kind}' is not known{near(kind, _kinds(where, known_keys))}"
        case "model_attributes_type" | "dict_type" | "model_type":
            return f"{shown} must hold keys and values"
    subject = f"{shown} " if where else ""  # The message of a whole file says itself where.
    message = _message(finding)
    given = finding["input"]
    says_it = isinstance(given, str) and (f"not {given}" in message or f"not {given!r}" in message)
    return f"{subject}{message}{'' if says_it else _got(where, given)}"


def _message(finding: ErrorDetails) -> str:
    """Pydantic's message as the end of a sentence that begins with the key."""
    message = finding["msg"].removeprefix("Value error, ")
    for beginning in ("Input should", "String should", "List should", "Dictionary should"):
        message = message.replace(beginning, "must") if message.startswith(beginning) else message
    return message.replace("must be a valid ", "must be a ").replace("a integer", "an integer")


def _got(where: Sequence[str], value: Any) -> str:  # noqa: ANN401 - anything that a file can hold
    if not _PRIVATE.isdisjoint(where) or not isinstance(value, str | int | float | bool | None):
        return ""
    if isinstance(value, int) and value.bit_length() > _LARGEST_BITS:
        return ", got a number of very many digits"  # Python refuses to write the largest
    text = str(value) if isinstance(value, Plain) else ascii(value)
    return f", got {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}"


def _path(where: Sequence[str]) -> str:
    """The place in a person's words: `components.api.memory`."""
    parts = list(where)
    kind_at = _KIND_AT.get(parts[0]) if parts else None
    if kind_at and len(parts) > kind_at and parts[kind_at] != "[key]":
        del parts[kind_at]
    return ".".join(part for part in parts if part != "[key]")


def _keys_at(where: Sequence[str], known_keys: KnownKeys) -> Iterable[str]:
    for pattern, keys in known_keys.items():
        if len(pattern) == len(where) and all(a in ("*", b) for a, b in zip(pattern, where, strict=True)):
            return keys
    return ()


def _kinds(where: Sequence[str], known_keys: KnownKeys) -> list[str]:
    """The kinds that are allowed at this place."""
    at = len(where)
    return [pattern[at] for pattern in known_keys if len(pattern) > at and pattern[0] == where[0]]
