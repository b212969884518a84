"""Reads the fields of a JSON object and remembers everything that is wrong with them."""

from collections.abc import Collection, Mapping
from datetime import date

Problem = dict[str, str]
"""`field` (dotted path), `problem` (what was wrong) and `expected` (what would be right)."""


class Fields:
    """One JSON object. Every reader returns a value of the promised type; wrong fields are in `problems`.

    Reading continues after a mistake, so that a visitor gets all of them at once. Unknown fields are ignored: during a
    release, a newer page may call an older API.
    """

    def __init__(self, content: Mapping[str, object], problems: list[Problem], prefix: str = "") -> None:
        self._content = content
        self._prefix = prefix
        self.problems = problems

    def reject(self, name: str, problem: str, expected: str) -> None:
        """Note that the field `name` is wrong."""
        self.problems.append({"field": self._prefix + name, "problem": problem, "expected": expected})

    def has(self, name: str) -> bool:
        """Tell whether the field is there and not null."""
        return self._content.get(name) is not None

    def text(self, name: str, longest: int) -> str:
        """Return a text without surrounding space."""
        value = self._content.get(name)
        text = value.strip() if isinstance(value, str) else ""
        if not text or len(text) > longest:
            self._reject_value(name, f"a text of 1 to {longest} characters")
        return text

    def number(self, name: str, lowest: int, highest: int) -> float:
        """Return a number in the closed range."""
        value = self._content.get(name)
        # True and False are ints to Python; NaN, which json.loads accepts, is in no range.
        if isinstance(value, int | float) and not isinstance(value, bool) and lowest <= value <= highest:
            return value
        self._reject_value(name, f"a number from {lowest} to {highest}")
        return lowest

    def whole(self, name: str, lowest: int, highest: int) -> int:
        """Return a whole number in the closed range."""
        value = self._content.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
            return value
        self._reject_value(name, f"a whole number from {lowest} to {highest}")
        return lowest

    def flag(self, name: str) -> bool:
        """Return true or false; false when it is not there."""
        value = self._content.get(name)
        if value is not None and not isinstance(value, bool):
            self._reject_value(name, "true or false")
        return value is True

    def day(self, name: str) -> date:
        """Return a calendar date written as 2026-05-31."""
        value = self._content.get(name)
        try:
            day = date.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            day = None
        if day is None or day.isoformat() != value:  # fromisoformat also takes 20260531 and 2026-W22-7
            self._reject_value(name, "a date such as 2026-05-31")
            return date.min
        return day

    def choice(self, name: str, known: Collection[str]) -> str:
        """Return one of the known words."""
        value = self._content.get(name)
        if isinstance(value, str) and value in known:
            return value
        self._reject_value(name, f"one of {', '.join(known)}")
        return next(iter(known))

    def choices(self, name: str, known: Collection[str]) -> tuple[str, ...]:
        """Return some of the known words, each once, in the order given; none when the field is not there."""
        values = self._content.get(name)
        if values is None:
            return ()
        if isinstance(values, list) and all(isinstance(value, str) and value in known for value in values):
            return tuple(dict.fromkeys(values))
        self._reject_value(name, f"a list of {', '.join(known)}")
        return ()

    def inner(self, name: str) -> "Fields":
        """Return the fields of an object inside this one."""
        value = self._content.get(name)
        if isinstance(value, Mapping):
            return Fields(value, self.problems, f"{self._prefix}{name}.")
        self._reject_value(name, "an object")
        return Fields({}, [], "")  # its fields are not reported one by one

    def _reject_value(self, name: str, expected: str) -> None:
        value = self._content.get(name)
        self.reject(name, "is missing" if value is None else f"is {_brief(value)}", expected)


def _brief(value: object) -> str:
    """Name a value without repeating all of it: it may be long, and it comes from outside."""
    if isinstance(value, str):
        shown = f'"{value}"' if len(value) <= 40 else f"a text of {len(value)} characters"  # noqa: PLR2004
        return shown if value.strip() else "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value) if abs(value) < 1e9 else "no usable number"  # noqa: PLR2004 - NaN is not below either
    return "an object" if isinstance(value, Mapping) else "a list with something else in it"
