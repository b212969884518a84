"""CloudWatch's metrics by the minute: they appear late, and may still grow after that."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from selfright.weather import Weather
from tests.simulation.aws.cloudwatch import Wanted

MINUTE = 60
AT_ONCE = 0.7
"""The share of a minute's data that is there when the minute appears; the rest comes until it is complete."""
Dimensions = frozenset[tuple[str, str]]


class Point(NamedTuple):
    """What one event brings to its metrics (metric → value), and from when that can be seen."""

    shown_from: float
    values: Mapping[str, float]


class Lateness(NamedTuple):
    """When a minute appears, and when it does not grow any more."""

    visible: float
    complete: float


Minute = tuple[str, Dimensions, int]
"""Namespace, dimensions, and the number of the minute since the run began."""


class Minutes:
    """All that was measured. Moments are seconds since `start`."""

    def __init__(self, now: Callable[[], float], start: datetime, weather: Weather, share: Callable[[], float]) -> None:
        """`share` is chance: 0 to 1."""
        self._now, self._start, self._weather, self._share = now, start, weather, share
        self._points: defaultdict[Minute, list[Point]] = defaultdict(list)
        self._late: dict[Minute, Lateness] = {}

    def add(self, namespace: str, dimensions: Dimensions, values: Mapping[str, float], seconds: float = 0) -> None:
        """Something began now and takes so many seconds; its values are of this minute, however long it takes."""
        now = self._now()
        minute = (namespace, dimensions, int(now // MINUTE))
        late = self._late.get(minute) or self._late.setdefault(minute, self._lateness(minute[2]))
        luck = self._share()
        shown_from = late.visible
        if luck > AT_ONCE:
            shown_from += (luck - AT_ONCE) / (1 - AT_ONCE) * (late.complete - late.visible)
        self._points[minute].append(Point(max(shown_from, now + seconds), values))

    def seen(self, wanted: Wanted, moment: datetime, period: timedelta) -> float | None:
        """What can be seen now of a statistic in a period, as `CloudWatch.measured`."""
        values = sorted(self._values(wanted, moment, period))
        if not values:
            return None
        match wanted.statistic:
            case "Sum":
                return sum(values)
            case "SampleCount":
                return float(len(values))
            case "Average":
                return sum(values) / len(values)
        if wanted.statistic.startswith("p"):
            return values[min(len(values) - 1, int(len(values) * float(wanted.statistic[1:]) / 100))]
        most = float(wanted.statistic.removeprefix("PR(:").removesuffix(")"))
        return 100 * sum(value <= most for value in values) / len(values)

    def _values(self, wanted: Wanted, moment: datetime, period: timedelta) -> Iterator[float]:
        now, first = self._now(), round((moment - self._start).total_seconds()) // MINUTE
        for number in range(first, first + round(period.total_seconds()) // MINUTE):
            for point in self._points.get((wanted.namespace, wanted.dimensions, number), ()):
                if point.shown_from <= now and wanted.metric in point.values:
                    yield point.values[wanted.metric]

    def _lateness(self, number: int) -> Lateness:
        end = (number + 1) * MINUTE
        visible = end + self._weather.late("metric_visible")
        return Lateness(visible, max(visible, end + self._weather.late("metric_complete")))
