"""Durations as users write them, in every file and on the command line: `30s`, `10m`, `1h30m`, `7d`.

A bare number is refused, because `final_bake: 10` does not say which unit it means.
"""

import re
from dataclasses import dataclass

from pydantic_core import CoreSchema, core_schema

_FORM = re.compile(r"(?=.)(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?")
_SECONDS = re.compile("[1-9][0-9]{0,5}")
_SHOWN = 40
_UNITS = {"d": 24 * 3600, "h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True)
class Between:
    """Annotates a pydantic field that holds whole seconds and is written as a duration; both bounds are allowed.

    `Annotated[int, Between("0s", "7d")]`. A dump of the model writes the field as a duration again.
    """

    shortest: str
    longest: str

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> CoreSchema:
        """Pydantic's schema to read and write such a field."""
        form = core_schema.plain_serializer_function_ser_schema(written)
        return core_schema.no_info_plain_validator_function(self._read, serialization=form)

    def __get_pydantic_json_schema__(self, _core: object, _handler: object) -> dict[str, object]:
        """The JSON Schema, in which editors see the form."""
        said = f"A duration from {self.shortest} to {self.longest}, such as 30s, 10m or 1h30m."
        return {"type": "string", "pattern": f"^{_FORM.pattern}$", "description": said}

    def _read(self, value: object) -> int:
        length = seconds(value)
        if not seconds(self.shortest) <= length <= seconds(self.longest):
            raise ValueError(f"must be from {self.shortest} to {self.longest}, not {value}")
        return length


def seconds(text: object) -> int:
    """The seconds of a duration: days, hours, minutes and seconds, in this order, each at most once.

    Raises:
        ValueError: the text is not a duration; the message says how to write one.
    """
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        is_number = (isinstance(text, int) and not isinstance(text, bool)) or _SECONDS.fullmatch(str(text))
        meant = f" (seconds are written '{text}s')" if is_number else ""
        raise ValueError(f"must be a duration such as '30s', '10m' or '1h30m', not {_shown(text)}{meant}")
    return sum(int(count) * size for count, size in zip(found.groups(), _UNITS.values(), strict=True) if count)


def _shown(text: object) -> str:
    shown = repr(text)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def written(length: int) -> str:
    """These seconds as a duration: `600` is `10m`, `5400` is `1h30m`, `0` is `0s`."""
    parts, rest = [], length
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"
