import json
import re
from typing import Any

import pytest

from controller.domain.checks import json_paths
from controller.domain.checks.json_paths import expectations, trouble

BODY = b'{"days": 5, "rate": 1.0, "ok": true, "items": [{"name": "Towel", "n": 2}, {"name": "Hat"}], "none": null}'


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("days", 5),
        ("rate", 1),
        ("ok", True),
        ("items[].name", ["Towel", "Hat"]),
        ("items[0]", {"n": 2, "name": "Towel"}),
        ("length(items) > `1`", True),
        ("contains(items[].name, 'Hat')", True),
        ("none", None),
        ("missing", None),
    ],
)
def test_an_expected_value_passes(expression: str, value: Any) -> None:  # noqa: ANN401 - JSON
    """It can be any JSON value; a missing value is null."""
    assert trouble({expression: value}, BODY) == ""


@pytest.mark.parametrize(
    ("expression", "value", "told"),
    [
        ("days", 6, "days is 5, expected 6"),
        ("days", "5", 'days is 5, expected "5"'),
        ("ok", 1, "ok is true, expected 1"),
        ("items[].n", [2, None], "items[].n is [2], expected [2, null]"),
        ("items[1]", {"name": "Hat", "n": 1}, 'items[1] is {"name": "Hat"}, expected {"name": "Hat", "n": 1}'),
        ("length(days)", 1, "length(days) cannot be applied to the answer"),
    ],
)
def test_another_value_fails(expression: str, value: Any, told: str) -> None:  # noqa: ANN401 - JSON
    """The message has the value that was found; true is not 1, and text is not a number."""
    assert trouble({expression: value}, BODY) == told


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff", b"[" * 100_000])
def test_an_answer_that_is_not_json_fails(body: bytes) -> None:
    """It may be a page with an error."""
    assert trouble({"days": 5}, body) == "the answer is not JSON"


def test_a_long_value_is_cut() -> None:
    """The ledger must not keep whole answers."""
    assert len(trouble({"days": "x" * 10_000}, BODY)) < 200


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"items[": 1}, 'has the expression "items[", which is not JMESPath'),
        ({"": 1}, "is not JMESPath"),
        ({"(" * 200: 1}, "is not JMESPath"),
        ({"a" * 201: 1}, "has more than 200 characters"),
        ({"lenght(items)": 1}, "calls 'lenght', which is not a JMESPath function"),
        ({"items[?foo(@)].name": 1}, "calls 'foo', which is not a JMESPath function"),
        ({"length()": 1}, "calls length with 0 arguments instead of 1"),
        ({1: 1}, "is not text"),
        (["days"], "must hold JMESPath expressions"),
        ({f"a{n}": 1 for n in range(21)}, "at most 20 expressions"),
        ({"a": float("nan")}, "JSON compliant"),
    ],
)
def test_an_expression_that_can_never_work_is_refused(given: object, told: str) -> None:
    """It is refused while the bundle is made, not during a deployment."""
    with pytest.raises(ValueError, match=re.escape(told)):
        expectations(given)


def test_variadic_functions_are_allowed() -> None:
    """`merge` takes any number of objects."""
    assert expectations({"merge(a, b, c).x": 1}) == {"merge(a, b, c).x": 1}


def test_an_expression_that_never_ends_is_a_failed_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an expression costs can double with every few characters; it is ended from outside."""
    monkeypatch.setattr(json_paths, "SECONDS", 0.5)
    doubling = "@" + ".[@,@]" * 30
    said = json_paths.trouble({doubling: 1}, b'{"a": 1}')
    assert re.fullmatch("the answer cannot be compared: that takes more than .*", said)


def test_a_large_answer_is_compared_like_a_small_one() -> None:
    """It is read in a process of its own."""
    large = json.dumps({"items": ["x" * 100] * 1000, "status": "up"}).encode()
    assert json_paths.trouble({"status": "up", "length(items)": 1000}, large) == ""
    assert json_paths.trouble({"status": "down"}, large) == 'status is "up", expected "down"'
