"""What a reader of YAML returns: words as they were written, and the place of each key.

YAML makes numbers, booleans and nulls of words that have no quotes. Which of these a word is, or just text, is for the
key to say under which it stands: `version: 1.10` is a text, `memory: 512` a number.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
_LONGEST_NUMBER = 40
"""Characters of a number; what is longer is text."""
_WORDS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}


class Plain(str):
    """A word without quotes that is a number, a boolean or null where no text is wanted."""

    __slots__ = ()

    @property
    def value(self) -> bool | float | str | None:
        """What it is where no text is wanted: numbers are written as in JSON, so `0512` and `1:30` are texts."""
        return _value(self)


class Position(NamedTuple):
    """Where something is in a file; both count from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        """The place as messages show it."""
        return f"line {self.line}, column {self.column}"


class PlacedKeys(dict[str, Any]):
    """A mapping whose keys have places."""

    def __init__(self, pairs: Mapping[str, Any], places: Mapping[str, Position]) -> None:
        super().__init__(pairs)
        self.places = places

    def __or__(self, other: Mapping[str, Any]) -> "PlacedKeys":  # type: ignore[override]
        """This mapping with others' keys and values; keys that it has keep their places."""
        return PlacedKeys({**self, **other}, self.places)

    def without(self, key: str) -> "PlacedKeys":
        """This mapping without a key."""
        return PlacedKeys({name: value for name, value in self.items() if name != key}, self.places)


class PlacedItems(list[Any]):
    """A list whose items have places."""

    def __init__(self, items: Sequence[Any], places: Sequence[Position]) -> None:
        super().__init__(items)
        self.places = places


def plain(text: str) -> str:
    """A word without quotes: a `Plain` if it could be something else than text."""
    return text if _value(text) is text else Plain(text)


def meaning(value: Any) -> Any:  # noqa: ANN401 - any YAML
    """A value in which every word without quotes is what YAML makes of it, for places where no text is wanted."""
    if isinstance(value, dict):
        return {str(key): meaning(one) for key, one in value.items()}
    if isinstance(value, list):
        return [meaning(one) for one in value]
    return value.value if isinstance(value, Plain) else value


def place_of(content: object, where: Sequence[str | int]) -> Position | None:
    """The place of a key or an item, else that of what it would be in; None when that is not known.

    Parts of `where` that the file does not have are skipped.
    """
    found: Position | None = None
    for part in where:
        if isinstance(content, PlacedKeys) and part in content:
            found, content = content.places.get(str(part), found), content[str(part)]
        elif isinstance(content, PlacedItems) and isinstance(part, int) and part < len(content):
            found, content = content.places[part], content[part]
    return found


def _whole(value: object) -> object:
    if not isinstance(value, str):
        return value
    if _WHOLE.fullmatch(value) and len(value) <= _LONGEST_NUMBER:
        return int(value)
    digits = value.replace("_", "").lstrip("+").lstrip("0")
    is_clear = _WHOLE.fullmatch(digits) and len(digits) <= _LONGEST_NUMBER
    if is_clear and len(value) <= _LONGEST_NUMBER:
        raise ValueError(f"must be a whole number like 512, not {str(value)!r}; if {digits} is meant, write {digits}")
    raise ValueError("must be a whole number, written like 512")


Whole = Annotated[int, BeforeValidator(_whole)]
"""A whole number in a file that people write; one that could mean another number (`0512`, `1_000`) is refused."""


def _value(text: str) -> bool | float | str | None:
    if text in _WORDS:
        return _WORDS[text]
    found = _NUMBER.fullmatch(text) if len(text) <= _LONGEST_NUMBER else None
    if found is None:
        return text
    return float(text) if any(found.groups()) else int(text)
