import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from selfright.backtest.alarm_history import AlarmHistory, Firing

START = datetime(2026, 1, 2, tzinfo=UTC)
END = START + timedelta(hours=1)


def at(minute: int) -> datetime:
    """So many minutes after the beginning."""
    return START + timedelta(minutes=minute)


def item(minute: int, state: str) -> dict[str, Any]:
    """A change of state, in CloudWatch's form."""
    data = {"version": "1.0", "oldState": {"stateValue": "?"}, "newState": {"stateValue": state}}
    return {"Timestamp": at(minute), "HistoryItemType": "StateUpdate", "HistoryData": json.dumps(data)}


class FakeCloudWatch:
    """The histories of alarms, one item a page."""

    def __init__(self, **items: list[dict[str, Any]]) -> None:
        self.items = items

    def get_paginator(self, operation: str) -> "FakeCloudWatch":
        """Itself."""
        assert operation == "describe_alarm_history"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - AWS's
        """The items of an alarm."""
        assert set(request["AlarmTypes"]) == {"MetricAlarm", "CompositeAlarm"}
        yield from ({"AlarmHistoryItems": [one]} for one in self.items.get(request["AlarmName"], []))


def firings(**items: list[dict[str, Any]]) -> list[Firing]:
    """The firings read from these."""
    return AlarmHistory(FakeCloudWatch(**items)).firings(sorted(items), START, END)  # type: ignore[arg-type]


def test_an_alarm_fires_from_one_change_to_the_next() -> None:
    """And to the end, if it still does."""
    changes = [item(5, "ALARM"), item(6, "ALARM"), item(9, "OK"), item(20, "INSUFFICIENT_DATA"), item(50, "ALARM")]
    assert firings(errors=changes) == [Firing("errors", at(5), at(9)), Firing("errors", at(50), END)]


def test_what_cannot_be_read_is_no_alarm() -> None:
    """An item of another form."""
    assert firings(errors=[{"Timestamp": at(1), "HistoryData": "?"}, {"Timestamp": at(2)}], other=[]) == []


def test_overlapping() -> None:
    """At any time between."""
    one = Firing("errors", at(5), at(9))
    assert one.overlaps(at(0), at(6))
    assert one.overlaps(at(6), at(7))
    assert not one.overlaps(at(0), at(5))
    assert not one.overlaps(at(9), at(12))
