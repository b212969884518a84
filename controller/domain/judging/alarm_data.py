"""When the measurements were made for which an alarm fired: minutes before it does."""

import json
from datetime import UTC, datetime, timedelta


def data_until(reason: str | None) -> datetime | None:
    """The end of the newest measurement in an alarm's reason, as data; None when it does not say.

    It is CloudWatch's `StateReasonData`: `{"period": 60, "evaluatedDatapoints": [{"timestamp": …, "value": …}], …}`.
    """
    try:
        found = json.loads(reason or "")
        starts = [_moment(one["timestamp"]) for one in found["evaluatedDatapoints"]]
        return max(starts) + timedelta(seconds=float(found["period"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _moment(text: str) -> datetime:
    """A moment as CloudWatch writes it here: `2026-01-02T03:04:00.000+0000`."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC)
