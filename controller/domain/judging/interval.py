"""What was measured of both sides in one interval: the judge's only food."""

from dataclasses import dataclass
from datetime import datetime

from controller.domain.deployment import Counts

NONE = Counts()
"""No request."""
PERCENTILES = ("p50", "p75", "p90", "p99")
"""The percentiles of stable's own latency at which slow requests are counted."""


@dataclass(frozen=True)
class Slow:
    """Requests slower than a threshold, on both sides.

    `threshold_ms` is stable's own `percentile` ("p90"), measured *before* the interval began: a threshold taken from
    the interval itself would know what it is going to judge. `errors` of the counts are the slow requests.
    """

    percentile: str
    threshold_ms: float
    canary: Counts
    stable: Counts


@dataclass(frozen=True)
class Interval:
    """One component's requests between `since` and `until`, on both sides at the same time, by exact version.

    Traffic must have been divided in the same way during the whole interval: it may not begin before a shift and end
    after it. It must be settled: what is folded in once is not looked at again.
    """

    component: str
    since: datetime
    until: datetime
    canary: Counts
    stable: Counts
    slow: tuple[Slow, ...] = ()

    @property
    def compared(self) -> bool:
        """Whether both sides had requests; what only one side had can be compared with nothing."""
        return bool(self.canary.requests and self.stable.requests)
