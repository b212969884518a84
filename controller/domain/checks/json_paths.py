"""What a check expects of a JSON answer: JMESPath expressions and their values. A missing value is null.

JMESPath is the language of the AWS command line's `--query`. Its package comes with botocore.
"""
# ruff: noqa: PLC0415 - the package is imported only for such a check, which most releases do not have

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from controller.confinement import TooCostlyError, confined
from controller.domain.checks.redaction import redacted
from controller.domain.checks.secret_forms import is_sensitive
from controller.domain.reading.costly import SMALL
from controller.domain.reading.written import Plain, meaning, plain

LONGEST = 200
MOST = 20
_SHOWN = 80
SECONDS = 5.0
"""For all expressions on one answer."""
_WRITTEN = "as written"
_SIMPLE = re.compile(r"[A-Za-z0-9_.\[\]@-]+")
"""Expressions that only name members and items: what others cost can grow with every character."""


def expectations(given: object) -> dict[str, Any]:
    """Expression → expected value; raises `ValueError` for an expression that can never be evaluated."""
    if not isinstance(given, Mapping):
        raise ValueError("must hold JMESPath expressions and their values")  # noqa: TRY004 - pydantic reads ValueError
    if len(given) > MOST:
        raise ValueError(f"must have at most {MOST} expressions")
    for expression, value in given.items():
        if problem := _why_wrong(expression):
            raise ValueError(f"has the expression {_short(expression)}, which {problem} (see jmespath.org)")
        json.dumps(value, allow_nan=False)
    return {str(expression): _kept(value) for expression, value in given.items()}


def trouble(expected: Mapping[str, Any], body: bytes) -> str:
    """What is wrong with an answer; "" when it is as expected."""
    if len(body) <= SMALL and all(_SIMPLE.fullmatch(expression) for expression in expected):
        return _trouble(expected, body)
    try:
        return confined(partial(_trouble, expected, body), SECONDS)
    except TooCostlyError as error:
        return f"the answer cannot be compared: that {error}"


def _trouble(expected: Mapping[str, Any], body: bytes) -> str:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return "the answer is not JSON"
    return next(filter(None, (_compare(document, *one) for one in expected.items())), "")


def _compare(document: Any, expression: str, expected: Any) -> str:  # noqa: ANN401 - JSON
    import jmespath

    try:
        found = jmespath.search(expression, document)
    except (jmespath.exceptions.JMESPathError, RecursionError, ArithmeticError):
        return f"{expression} cannot be applied to the answer"
    if _same(found, expected):
        return ""
    if is_sensitive(expression):
        return f"{expression} is not what is expected, and looks like a secret, so neither is shown"
    return f"{expression} is {_short(found)}, expected {_shown(expected)}"


def _kept(value: Any) -> Any:  # noqa: ANN401 - any YAML
    """A value for the ledger. `1.10` without quotes is kept as it was written: it is a number or a version."""
    if isinstance(value, dict):
        return {str(key): _kept(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_kept(one) for one in value]
    found = value.value if isinstance(value, Plain) else value
    return {_WRITTEN: str(value)} if isinstance(value, Plain) and isinstance(found, float) else found


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401 - JSON
    """JSON's equality: 1 equals 1.0, and true does not equal 1. A number as it was written equals its text, too."""
    if isinstance(other, dict) and other.keys() == {_WRITTEN} and not isinstance(one, dict):
        return one == other[_WRITTEN] or _same(one, meaning(plain(str(other[_WRITTEN]))))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)


def _why_wrong(expression: object) -> str:
    import jmespath

    if not isinstance(expression, str):
        return "is not text"
    if len(expression) > LONGEST:
        return f"has more than {LONGEST} characters"
    try:
        parsed = jmespath.compile(expression).parsed
    except (jmespath.exceptions.JMESPathError, RecursionError):
        return "is not JMESPath"
    return next(filter(None, map(_wrong_call, _nodes(parsed))), "")


def _nodes(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield tree
    for child in tree["children"]:
        if isinstance(child, Mapping):
            yield from _nodes(child)


def _wrong_call(node: Mapping[str, Any]) -> str:
    """What is wrong with a call in an expression: JMESPath itself finds that only when it evaluates the call."""
    from jmespath.functions import Functions

    if node["type"] != "function_expression":
        return ""
    known = Functions.FUNCTION_TABLE.get(node["value"])
    if known is None:
        return f"calls '{node['value'][:_SHOWN]}', which is not a JMESPath function"
    wanted, given = known["signature"], len(node["children"])
    is_open = bool(wanted) and wanted[-1].get("variadic", False)
    if given == len(wanted) or (is_open and given > len(wanted)):
        return ""
    return f"calls {node['value']} with {given} arguments instead of {len(wanted)}"


def _shown(expected: Any) -> str:  # noqa: ANN401 - JSON
    is_written = isinstance(expected, dict) and expected.keys() == {_WRITTEN}
    return str(expected[_WRITTEN]) if is_written else _short(expected)


def _short(value: object) -> str:
    text = redacted(json.dumps(value, ensure_ascii=True, default=str)[: 4 * _SHOWN])
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
