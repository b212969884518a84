from collections.abc import Callable
from typing import Any

import pytest

Generate = Callable[[object], tuple[int, dict[str, Any]]]
WEATHER = {"kind": "rain", "low": 9, "high": 16}
TRIP = {"destination": "Lisbon", "days": 3, "weather": WEATHER}
DATELESS = {"destination": "Lisbon", "weather": WEATHER}

WRONG = [
    ({**TRIP, "destination": "  "}, "destination", "is empty", "80 characters"),
    ({**TRIP, "destination": "x" * 81}, "destination", "is a text of 81 characters", "1 to 80"),
    ({**TRIP, "destination": 7}, "destination", "is 7", "a text"),
    ({**TRIP, "days": 0}, "days", "is 0", "from 1 to 60"),
    ({**TRIP, "days": 2.5}, "days", "is 2.5", "whole number"),
    ({**TRIP, "days": True}, "days", "is true", "whole number"),
    ({**TRIP, "start": "2026-01-01"}, "days", "together with dates", "either"),
    (DATELESS, "start", "is missing", "2026-05-31"),
    ({**DATELESS, "start": "2026-02-30", "end": "2026-03-01"}, "start", '"2026-02-30"', "a date"),
    ({**DATELESS, "start": "20260201", "end": "2026-03-01"}, "start", '"20260201"', "a date"),
    ({**DATELESS, "start": "2026-03-02", "end": "2026-03-01"}, "end", "before start", "59 days"),
    ({**DATELESS, "start": "2026-03-02", "end": "2027-03-01"}, "end", "365 days", "59 days"),
    ({**TRIP, "activities": ["city", "juggling"]}, "activities", "something else", "swimming"),
    ({**TRIP, "activities": "city"}, "activities", '"city"', "a list of"),
    ({**TRIP, "weather": "rain"}, "weather", '"rain"', "an object"),
    ({**TRIP, "weather": {**WEATHER, "kind": "frogs"}}, "weather.kind", '"frogs"', "sunny"),
    ({**TRIP, "weather": {**WEATHER, "low": float("nan")}}, "weather.low", "no usable number", "-60 to 60"),
    ({**TRIP, "weather": {**WEATHER, "high": 3}}, "weather.high", "below low", "not below low"),
    ({**TRIP, "laundry": "yes"}, "laundry", '"yes"', "true or false"),
    ([], "body", "no object", "a trip"),
]


@pytest.mark.parametrize(("body", "field", "problem", "expected"), WRONG)
def test_a_wrong_field_is_named(generate: Generate, body: object, field: str, problem: str, expected: str) -> None:
    """A 400 names the field, what is wrong with it and what would be right."""
    status, answer = generate(body)
    assert status == 400
    first = answer["problems"][0]
    assert first["field"] == field
    assert problem in first["problem"]
    assert expected in first["expected"]


def test_all_wrong_fields_are_named_at_once(generate: Generate) -> None:
    """A visitor does not have to send a form again for every mistake."""
    _, answer = generate({"days": 0, "weather": {"kind": "rain"}})
    fields = [problem["field"] for problem in answer["problems"]]
    assert fields == ["destination", "days", "weather.low", "weather.high"]


def test_the_last_day_counts(generate: Generate) -> None:
    """From the 29th of December to the 2nd of January are five days."""
    _, answer = generate({**DATELESS, "start": "2026-12-29", "end": "2027-01-02"})
    assert answer["days"] == 5


def test_unknown_fields_are_ignored(generate: Generate) -> None:
    """A newer page may send more than this API knows."""
    assert generate({**TRIP, "pets": 2})[0] == 200
