"""When the alarms of an environment were firing."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from controller.aws.client.calls import calling
from controller.aws.client.clients import client

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


@dataclass(frozen=True)
class Firing:
    """An alarm was firing from `since` to `until`."""

    alarm: str
    since: datetime
    until: datetime

    def overlaps(self, since: datetime, until: datetime) -> bool:
        """Whether it was firing at any time between these moments."""
        return self.since < until and since < self.until


class AlarmHistory:
    """Reads the history of alarms, which CloudWatch keeps for 30 days."""

    def __init__(self, cloudwatch: "CloudWatchClient | None" = None) -> None:
        """`cloudwatch` is the client to use (default: the process's own)."""
        self._cloudwatch = cloudwatch or client("cloudwatch")

    def firings(self, alarms: Iterable[str], since: datetime, until: datetime) -> list[Firing]:
        """Every time that one of these alarms was firing, by alarm; one call reads a hundred changes."""
        return [one for alarm in alarms for one in self._firings_of(alarm, since, until)]

    def _firings_of(self, alarm: str, since: datetime, until: datetime) -> list[Firing]:
        changes: list[tuple[datetime, str]] = []
        pages = self._cloudwatch.get_paginator("describe_alarm_history")
        with calling("cloudwatch:DescribeAlarmHistory", alarm):
            for page in pages.paginate(
                AlarmName=alarm,
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                HistoryItemType="StateUpdate",
                StartDate=since,
                EndDate=until,
                ScanBy="TimestampAscending",
            ):
                changes += [(one["Timestamp"], _state(one.get("HistoryData", ""))) for one in page["AlarmHistoryItems"]]
        return _firings(alarm, changes, until)


def _firings(alarm: str, changes: Sequence[tuple[datetime, str]], until: datetime) -> list[Firing]:
    found, began = [], None
    for at, state in sorted(changes):
        if state == "ALARM":
            began = began or at
        elif began:
            found.append(Firing(alarm, began, at))
            began = None
    return [*found, Firing(alarm, began, until)] if began else found


def _state(data: str) -> str:
    """The new state in an item's JSON; "" when it has none."""
    try:
        return str(json.loads(data)["newState"]["stateValue"])
    except (ValueError, KeyError, TypeError):
        return ""
