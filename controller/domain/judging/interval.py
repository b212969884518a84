"""The measurements of both sides in one interval: the judge's only input."""

from dataclasses import dataclass
from datetime import datetime

from controller.domain.deployment import Counts

NONE = Counts()
"""No requests."""
PERCENTILES = ("p50", "p75", "p90", "p99")
"""The percentiles of stable's own latency at which slow requests are counted."""


@dataclass(frozen=True)
class Slow:
    """Requests slower than a threshold, on both sides.

    `threshold_ms` is stable's own `percentile` ("p90"), measured *before* the interval began: a threshold taken from
    the interval itself would depend on the data that it judges. `errors` of the counts are the slow requests.
    """

    percentile: str
    threshold_ms: float
    canary: Counts
    stable: Counts


@dataclass(frozen=True)
class Interval:
    """One component's requests between `since` and `until`, on both sides at the same time, by exact version.

    The division of traffic must be the same during the whole interval: it may not begin before a shift and end after
    it. The interval must be settled: once folded in, it is not read again.
    """

    component: str
    since: datetime
    until: datetime
    canary: Counts
    stable: Counts
    slow: tuple[Slow, ...] = ()

    @property
    def compared(self) -> bool:
        """Whether both sides had requests; an interval with requests on one side only compares nothing."""
        return bool(self.canary.requests and self.stable.requests)
