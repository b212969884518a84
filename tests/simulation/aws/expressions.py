"""DynamoDB's expressions: conditions, key conditions, updates and projections, compiled once for each text.

An attribute is in DynamoDB's typed form (`{"S": "text"}`). Whatever is stored is never changed in place: an update
copies what is on the way to its path.
"""
# ruff: noqa: ANN401 - attributes are AWS's documents

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.simulation.aws.service import Refusal

Item = dict[str, Any]
Steps = tuple[str | int, ...]
Get = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]
Holds = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]
_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),.\[\]+-]|[#:][A-Za-z0-9_]+|[A-Za-z_][A-Za-z0-9_]*|\d+)")
_ORDERED = ("S", "N", "B")
_ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_SETS = ("SS", "NS", "BS")
_CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")


def invalid(message: str) -> Refusal:
    """The refusal of a request that is wrong in itself."""
    return Refusal("ValidationException", message)


@dataclass(frozen=True)
class Condition:
    """A condition, and the placeholders of values that it uses."""

    holds: Holds
    values: frozenset[str]


@dataclass(frozen=True)
class KeyCondition:
    """The parts of a condition on keys: attribute, comparison, placeholders."""

    parts: Sequence[tuple[str, str, tuple[str, ...]]]
    values: frozenset[str]


@dataclass
class Update:
    """The four clauses of an update, and the placeholders of values that they use."""

    sets: list[tuple[Steps, Get]] = field(default_factory=list)
    removes: list[Steps] = field(default_factory=list)
    adds: list[tuple[Steps, str]] = field(default_factory=list)
    deletes: list[tuple[Steps, str]] = field(default_factory=list)
    values: frozenset[str] = frozenset()

    @property
    def paths(self) -> list[Steps]:
        """Everything that is written."""
        return [steps for steps, _ in (*self.sets, *self.adds, *self.deletes)] + self.removes

    def applied(self, item: Mapping[str, Any], values: Mapping[str, Any]) -> Item:
        """A new item; every value is computed from the old one."""
        new = dict(item)
        written = [(steps, get(item, values)) for steps, get in self.sets]
        for steps, value in written:
            if value is None:
                raise invalid("The provided expression refers to an attribute that does not exist in the item")
            _write(new, steps, value)
        for steps, placeholder in self.adds:
            _write(new, steps, _added(reach(item, steps), values[placeholder]))
        for steps, placeholder in self.deletes:
            _reduce(new, steps, reach(item, steps), values[placeholder])
        for steps in sorted(self.removes, key=_index, reverse=True):  # The last element of a list goes first.
            _remove(new, steps)
        return new


@lru_cache(maxsize=8192)
def condition(text: str, names: tuple[tuple[str, str], ...], kind: str = "ConditionExpression") -> Condition:
    """A compiled condition; `names` are the items of ExpressionAttributeNames."""
    parser = _Parser(text, names, kind)
    holds = parser.either()
    parser.end()
    return Condition(holds, frozenset(parser.values))


@lru_cache(maxsize=8192)
def key_condition(text: str, names: tuple[tuple[str, str], ...]) -> KeyCondition:
    """A compiled condition on keys."""
    parser = _Parser(text, names, "KeyConditionExpression")
    parts = parser.key_parts()
    parser.end()
    return KeyCondition(parts, frozenset(parser.values))


@lru_cache(maxsize=8192)
def update(text: str, names: tuple[tuple[str, str], ...]) -> Update:
    """A compiled update."""
    parser = _Parser(text, names, "UpdateExpression")
    made = parser.update()
    made.values = frozenset(parser.values)
    paths = made.paths
    for number, one in enumerate(paths):
        for other in paths[number + 1 :]:
            least = min(len(one), len(other))
            if one[:least] == other[:least]:
                raise invalid("Invalid UpdateExpression: Two document paths overlap with each other")
    return made


@lru_cache(maxsize=1024)
def projection(text: str, names: tuple[tuple[str, str], ...]) -> Sequence[Steps]:
    """The paths of a projection."""
    parser = _Parser(text, names, "ProjectionExpression")
    paths = parser.several(parser.path)
    parser.end()
    return paths


@lru_cache(maxsize=8192)
def require_names_used(texts: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Refuse names that no expression uses."""
    used = {token for text in texts for token in _tokens(text, "expression") if token.startswith("#")}
    if unused := sorted(set(names) - used):
        raise invalid(f"Value provided in ExpressionAttributeNames unused in expressions: keys: {unused}")


def reach(item: Mapping[str, Any], steps: Steps) -> Any:
    """The attribute at a path; None when there is none."""
    found = item.get(steps[0])
    for step in steps[1:]:
        if found is None:
            return None
        if isinstance(step, int):
            members = found.get("L")
            found = members[step] if members is not None and step < len(members) else None
        else:
            found = found.get("M", {}).get(step)
    return found


def projected(item: Mapping[str, Any], paths: Iterable[Steps]) -> Item:
    """An item with nothing but these paths."""
    new: Item = {}
    for steps in paths:
        value = reach(item, steps)
        if value is None:
            continue
        place = new
        for step in steps[:-1]:
            place = place.setdefault(step, {"M": {}})["M"]
        place[steps[-1]] = value
    return new


def number(text: str) -> int | Decimal:
    """The value of a number."""
    try:
        return int(text)
    except ValueError:
        return Decimal(text)


def equal(one: Any, other: Any) -> bool:
    """Whether two attributes are equal; numbers by value, sets in any order."""
    if one is None or other is None or one == other:
        return one is not None and other is not None
    (kind,), (other_kind,) = one, other
    if kind != other_kind:
        return False
    left, right = one[kind], other[kind]
    if kind == "N":
        return number(left) == number(right)
    if kind in _SETS:
        return _members(kind, left) == _members(kind, right)
    if kind == "M":
        return left.keys() == right.keys() and all(equal(left[name], right[name]) for name in left)
    return kind == "L" and len(left) == len(right) and all(map(equal, left, right))


def compare(one: Any, sign: str, other: Any) -> bool:
    """Whether the comparison holds; never for a missing attribute or another type, except for `<>`."""
    if sign == "=":
        return equal(one, other)
    if sign == "<>":
        return not equal(one, other)
    if one is None or other is None:
        return False
    (kind,), (other_kind,) = one, other
    if kind != other_kind or kind not in _ORDERED:
        return False
    left, right = _sortable(kind, one[kind]), _sortable(kind, other[kind])
    return bool(_ORDERS[sign](left, right))


def begins_with(one: Any, beginning: Any) -> bool:
    """Whether a text (or bytes) begins with another."""
    for kind in ("S", "B"):
        if one is not None and beginning is not None and kind in one and kind in beginning:
            return one[kind].startswith(beginning[kind])
    return False


class _Parser:
    """Reads one expression from left to right."""

    def __init__(self, text: str, names: tuple[tuple[str, str], ...], kind: str) -> None:
        self._kind, self._names = kind, dict(names)
        self._tokens = _tokens(text, kind)
        self._at = 0
        self.values: set[str] = set()

    def either(self) -> Holds:
        parts = [self._both()]
        while self._takes("OR"):
            parts.append(self._both())
        if len(parts) == 1:
            return parts[0]
        return lambda item, values: any(part(item, values) for part in parts)

    def _both(self) -> Holds:
        parts = [self._negated()]
        while self._takes("AND"):
            parts.append(self._negated())
        if len(parts) == 1:
            return parts[0]
        return lambda item, values: all(part(item, values) for part in parts)

    def _negated(self) -> Holds:
        if not self._takes("NOT"):
            return self._primary()
        inner = self._negated()
        return lambda item, values: not inner(item, values)

    def _primary(self) -> Holds:
        if self._peek() == "(":
            return self._in_parentheses()
        if self._peek(1) == "(" and self._peek() in _TESTS:
            return self._test()
        return self._comparison()

    def _in_parentheses(self) -> Holds:
        self._expect("(")
        doubled, inner_end = self._peek() == "(", self._closing(self._at)
        inner = self.either()
        if doubled and inner_end == self._at - 1:
            raise self._fault("The expression has redundant parentheses;")
        self._expect(")")
        return inner

    def _test(self) -> Holds:
        name = self._next()
        self._expect("(")
        steps = self.path()
        if name == "attribute_exists":
            self._expect(")")
            return lambda item, _: reach(item, steps) is not None
        if name == "attribute_not_exists":
            self._expect(")")
            return lambda item, _: reach(item, steps) is None
        self._expect(",")
        other = self._operand()
        self._expect(")")
        test = _TESTS[name]
        return lambda item, values: test(reach(item, steps), other(item, values))

    def _comparison(self) -> Holds:
        left = self._operand()
        if self._takes("BETWEEN"):
            low = self._operand()
            self._expect("AND")
            high = self._operand()
            return lambda item, values: (
                compare(left(item, values), ">=", low(item, values))
                and compare(left(item, values), "<=", high(item, values))
            )
        if self._takes("IN"):
            self._expect("(")
            choices = self.several(self._operand)
            self._expect(")")
            return lambda item, values: any(equal(left(item, values), choice(item, values)) for choice in choices)
        sign = self._next()
        if sign not in {"=", "<>", "<", "<=", ">", ">="}:
            raise self._fault(f'Syntax error; token: "{sign}"')
        right = self._operand()
        return lambda item, values: compare(left(item, values), sign, right(item, values))

    def _operand(self) -> Get:
        if self._peek() == "size" and self._peek(1) == "(":
            self._at += 2
            steps = self.path()
            self._expect(")")
            return lambda item, _: _size(reach(item, steps))
        if self._peek().startswith(":"):
            placeholder = self._value()
            return lambda _, values: values[placeholder]
        steps = self.path()
        return lambda item, _: reach(item, steps)

    def key_parts(self) -> list[tuple[str, str, tuple[str, ...]]]:
        parts = self._key_part()
        while self._takes("AND"):
            parts += self._key_part()
        return parts

    def _key_part(self) -> list[tuple[str, str, tuple[str, ...]]]:
        if self._takes("("):
            parts = self.key_parts()
            self._expect(")")
            return parts
        if self._peek() == "begins_with":
            self._at += 1
            self._expect("(")
            name = self._key_name()
            self._expect(",")
            values = (self._value(),)
            self._expect(")")
            return [(name, "begins_with", values)]
        name = self._key_name()
        if self._takes("BETWEEN"):
            low = self._value()
            self._expect("AND")
            return [(name, "BETWEEN", (low, self._value()))]
        sign = self._next()
        if sign not in {"=", "<", "<=", ">", ">="}:
            raise self._fault(f"Unsupported operator on KeyCondition: operator {sign}")
        return [(name, sign, (self._value(),))]

    def _key_name(self) -> str:
        (name,) = self.path()
        return str(name)

    def update(self) -> Update:
        made, seen = Update(), set[str]()
        while self._at < len(self._tokens):
            clause = self._next().upper()
            if clause not in _CLAUSES or clause in seen:
                raise self._fault(f'Syntax error; token: "{clause}"')
            seen.add(clause)
            if clause == "SET":
                made.sets = self.several(self._assignment)
            elif clause == "REMOVE":
                made.removes = self.several(self.path)
            elif clause == "ADD":
                made.adds = self.several(lambda: (self.path(), self._value()))
            else:
                made.deletes = self.several(lambda: (self.path(), self._value()))
        if not seen:
            raise self._fault("The expression can not be empty;")
        return made

    def _assignment(self) -> tuple[Steps, Get]:
        steps = self.path()
        self._expect("=")
        left = self._term()
        if self._peek() not in {"+", "-"}:
            return steps, left
        sign, right = self._next(), self._term()
        return steps, lambda item, values: _sum(left(item, values), sign, right(item, values))

    def _term(self) -> Get:
        if self._peek(1) != "(":
            return self._operand()
        function = self._next()
        self._expect("(")
        if function == "if_not_exists":
            steps = self.path()
            self._expect(",")
            other = self._term()
            self._expect(")")
            return lambda item, values: found if (found := reach(item, steps)) is not None else other(item, values)
        if function != "list_append":
            raise self._fault(f"Invalid function name; function: {function}")
        first = self._term()
        self._expect(",")
        second = self._term()
        self._expect(")")
        return lambda item, values: _joined(first(item, values), second(item, values))

    def several(self, read: Callable[[], Any]) -> list[Any]:
        found = [read()]
        while self._takes(","):
            found.append(read())
        return found

    def path(self) -> Steps:
        steps: list[str | int] = [self._name()]
        while self._peek() in {".", "["}:
            if self._next() == ".":
                steps.append(self._name())
            else:
                steps.append(int(self._next()))
                self._expect("]")
        return tuple(steps)

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise self._fault(f'Syntax error; token: "{self._tokens[self._at]}"')

    def _name(self) -> str:
        token = self._next()
        if token.startswith("#"):
            if token not in self._names:
                raise self._fault(f"An expression attribute name used in the document path is not defined; {token}")
            return self._names[token]
        if not (token[:1].isalpha() or token[:1] == "_"):
            raise self._fault(f'Syntax error; token: "{token}"')
        if token.upper() in _reserved():
            raise self._fault(f"Attribute name is a reserved keyword; reserved keyword: {token}")
        return token

    def _value(self) -> str:
        token = self._next()
        if not token.startswith(":"):
            raise self._fault(f'Syntax error; token: "{token}"')
        self.values.add(token)
        return token

    def _peek(self, ahead: int = 0) -> str:
        place = self._at + ahead
        return self._tokens[place] if place < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise self._fault("Syntax error; token: <EOF>")
        self._at += 1
        return token

    def _takes(self, token: str) -> bool:
        taken = self._peek().upper() == token
        self._at += taken
        return taken

    def _expect(self, token: str) -> None:
        if not self._takes(token):
            raise self._fault(f'Syntax error; token: "{self._peek() or "<EOF>"}", expected: "{token}"')

    def _closing(self, start: int) -> int:
        """The place of the parenthesis that closes the one at `start`; -1 if there is none."""
        depth = 0
        for place in range(start, len(self._tokens)):
            depth += {"(": 1, ")": -1}.get(self._tokens[place], 0)
            if not depth:
                return place
        return -1

    def _fault(self, reason: str) -> Refusal:
        return invalid(f"Invalid {self._kind}: {reason}")


@lru_cache(maxsize=8192)
def _tokens(text: str, kind: str) -> Sequence[str]:
    found, place = list[str](), 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if not match:
            raise invalid(f'Invalid {kind}: Syntax error; token: "{text[place]}"')
        found.append(match.group(1))
        place = match.end()
    return found


@cache
def _reserved() -> frozenset[str]:
    """DynamoDB's reserved words, from the list that moto brings along (moto itself is not imported)."""
    spec = find_spec("moto")
    words = Path(str(spec.origin if spec else "")).parent / "dynamodb/parsing/reserved_keywords.txt"
    return frozenset(words.read_text().upper().split())


def _contains(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return False
    (kind,), (other_kind,) = one, other
    if kind in {"S", "B"}:
        return kind == other_kind and other[kind] in one[kind]
    if kind in _SETS:
        return kind[0] == other_kind and bool(_members(kind, one[kind]) & _members(kind, [other[other_kind]]))
    return kind == "L" and any(equal(member, other) for member in one["L"])


def _is_of_type(one: Any, kind: Any) -> bool:
    return one is not None and kind["S"] in one


_TESTS: Mapping[str, Callable[..., bool]] = {
    "attribute_exists": lambda one: one is not None,
    "attribute_not_exists": lambda one: one is None,
    "begins_with": begins_with,
    "contains": _contains,
    "attribute_type": _is_of_type,
}


def _size(attribute: Any) -> Any:
    if attribute is None:
        return None
    ((kind, value),) = attribute.items()
    if kind not in {"S", "B", "M", "L", *_SETS}:
        return None
    return {"N": str(len(value.encode() if kind == "S" else value))}


def _members(kind: str, members: Iterable[Any]) -> frozenset[Any]:
    return frozenset(map(number, members) if kind == "NS" else members)


def _sortable(kind: str, value: Any) -> Any:
    """DynamoDB orders text by its UTF-8 bytes, which is the order of Python's text."""
    return number(value) if kind == "N" else value


def _sum(left: Any, sign: str, right: Any) -> Item:
    if left is None or right is None:
        raise invalid("The provided expression refers to an attribute that does not exist in the item")
    if "N" not in left or "N" not in right:
        raise invalid("An operand in the update expression has an incorrect data type")
    one, other = number(left["N"]), number(right["N"])
    return {"N": str(one + other if sign == "+" else one - other)}


def _joined(first: Any, second: Any) -> Item:
    if first is None or second is None:
        raise invalid("The provided expression refers to an attribute that does not exist in the item")
    if "L" not in first or "L" not in second:
        raise invalid("An operand in the update expression has an incorrect data type")
    return {"L": first["L"] + second["L"]}


def _added(before: Any, value: Any) -> Item:
    ((kind, added),) = value.items()
    if before is None and (kind == "N" or kind in _SETS):
        return value
    if before is None or kind not in before or (kind != "N" and kind not in _SETS):
        raise invalid("An operand in the update expression has an incorrect data type")
    if kind == "N":
        return _sum(before, "+", value)
    return {kind: [*before[kind], *(one for one in added if one not in before[kind])]}


def _reduce(item: Item, steps: Steps, before: Any, value: Any) -> None:
    ((kind, gone),) = value.items()
    if kind not in _SETS or (before is not None and kind not in before):
        raise invalid("An operand in the update expression has an incorrect data type")
    if before is None:
        return
    left = [one for one in before[kind] if one not in gone]
    if left:
        _write(item, steps, {kind: left})
    else:
        _remove(item, steps)


def _parent(item: Item, steps: Steps) -> Any:
    """The map or list that holds the end of a path; what is on the way there is copied, so that it may be changed."""
    place: Any = item
    for step, following in pairwise(steps):
        kind = "L" if isinstance(following, int) else "M"
        try:
            inner = place[step][kind]
        except (KeyError, IndexError, TypeError):
            raise invalid("The document path provided in the update expression is invalid for update") from None
        inner = inner.copy()
        place[step] = {kind: inner}
        place = inner
    return place


def _write(item: Item, steps: Steps, value: Any) -> None:
    place, last = _parent(item, steps), steps[-1]
    if isinstance(place, list) and isinstance(last, int) and last >= len(place):
        place.append(value)
    else:
        place[last] = value


def _remove(item: Item, steps: Steps) -> None:
    place, last = _parent(item, steps), steps[-1]
    if isinstance(place, list):
        del place[last : last + 1]  # type: ignore[operator] # the end of a list's path is a number
    else:
        place.pop(last, None)


def _index(steps: Steps) -> int:
    return steps[-1] if isinstance(steps[-1], int) else -1
