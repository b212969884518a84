"""Why an alarm is in its state, and when the measurements were made for which it fired: minutes before it does."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

LATENESS = timedelta(minutes=7)
"""Measurements are visible up to four minutes later, alarms are evaluated every minute or two, events take a minute."""
_DATED = re.compile(r"\((\d\d/\d\d/\d\d \d\d:\d\d:\d\d)\)")


@dataclass(frozen=True)
class StateReason:
    """Why an alarm is in its state, in words; the end and the beginning of its newest measurement, None if unknown."""

    text: str = ""
    data_until: datetime | None = None
    data_since: datetime | None = None

    def said_of(self, alarm: str) -> str:
        """A sentence about this alarm: the same, however one learned that it fires."""
        return f"Alarm {alarm}: {self.text}" if self.text else f"Alarm {alarm} is firing."


@dataclass(frozen=True)
class NewestMeasurement:
    """When an alarm's newest measurement began and ended; None when it does not say."""

    since: datetime | None = None
    until: datetime | None = None


def measured(reason: str | None) -> NewestMeasurement:
    """When the newest measurement was made that an alarm's reason has as data.

    It is CloudWatch's `StateReasonData`: `{"period": 60, "evaluatedDatapoints": [{"timestamp": …, "value": …}], …}`.
    """
    try:
        found = json.loads(reason or "")
        starts = [_moment(one["timestamp"]) for one in found["evaluatedDatapoints"]]
        return NewestMeasurement(max(starts), max(starts) + timedelta(seconds=float(found["period"])))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return NewestMeasurement()


def measured_in_words(reason: str, trigger: object) -> NewestMeasurement:
    """The same of an alarm's message, which has the reason in words, and the alarm's period in `Trigger`.

    CloudWatch writes `… datapoints [3.0 (31/12/26 06:48:00), 5.0 (31/12/26 06:47:00)] was greater than …`, in UTC.
    """
    try:
        starts = [datetime.strptime(one, "%d/%m/%y %H:%M:%S").replace(tzinfo=UTC) for one in _DATED.findall(reason)]
        return NewestMeasurement(max(starts), max(starts) + timedelta(seconds=_period(trigger)))
    except (ValueError, KeyError, TypeError, OverflowError, AttributeError):
        return NewestMeasurement()


def _period(trigger: Any) -> float:  # noqa: ANN401 - JSON
    """The alarm's period in seconds; with metric math, that of its metrics."""
    if trigger.get("Period"):
        return float(trigger["Period"])
    return max(float(one["MetricStat"]["Period"]) for one in trigger["Metrics"] if "MetricStat" in one)


def _moment(text: str) -> datetime:
    """A moment as CloudWatch writes it here: `2026-01-02T03:04:00.000+0000`."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC)
