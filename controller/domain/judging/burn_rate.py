"""Absolute limits: what no release may exceed, however bad stable is itself.

Each limit is an objective with a budget ("0.5 % of the requests may fail", "one in a hundred may take longer"); the
burn rate is how many times as fast as allowed the budget is used up. As in the SRE workbook's alerts, two windows must
agree: the long one says that it matters, the short one that it still goes on.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.domain.deployment import Counts
from controller.domain.durations import written
from controller.domain.environment import Limits
from controller.domain.judging.interval import NONE

SLOW_BUDGET = 0.01
"""By the meaning of p99, one request in a hundred may be slower."""
LEAST = 5
"""One failure of three requests is 33 %, and no outage: so many must there be in the long window."""


@dataclass(frozen=True)
class Served:
    """What the canary served from `since` to `until`; the `errors` of `slow` took longer than the limit's `p99_ms`."""

    since: datetime
    until: datetime
    counts: Counts
    slow: Counts | None = None


def overspent(limits: Limits, served: Sequence[Served], now: datetime) -> str:
    """Which limit is exceeded, with its figures: a sentence; "" when none is. `served` may hold older periods too."""
    short, long = (_within(served, now, seconds) for seconds in (limits.short, limits.long))
    trouble = ""
    if limits.error_rate is not None:
        trouble = _burning("requests failed", limits.error_rate, _sums(short, _failed), _sums(long, _failed))
    if limits.p99_ms is not None and not trouble:
        what = f"requests took longer than {limits.p99_ms:g} ms"
        trouble = _burning(what, SLOW_BUDGET, _sums(short, _slow), _sums(long, _slow))
    return trouble or _too_few(limits, served, long, now)


def _within(served: Iterable[Served], now: datetime, seconds: int) -> list[Served]:
    """What reaches into the window: one that is shorter than a period would be empty, and nothing ever exceeded."""
    return [one for one in served if now - timedelta(seconds=seconds) < one.until <= now]


def _burning(what: str, budget: float, short: Counts, long: Counts) -> str:
    if long.errors < LEAST or min(short.error_rate, long.error_rate) <= budget:
        return ""
    return (
        f"{long.errors} of {long.requests} {what} on the canary, {long.error_rate / budget:.1f} times as many as the"
        f" limit of {budget * 100:g} % allows, and {short.errors} of the last {short.requests}."
    )


def _too_few(limits: Limits, served: Sequence[Served], long: Sequence[Served], now: datetime) -> str:
    """Only once there are periods for the whole window: before, nobody knows."""
    begun = min((one.since for one in served), default=now)
    if not limits.minimum_successes or begun > now - timedelta(seconds=limits.long):
        return ""
    counts = _sums(long, _failed)
    done = counts.requests - counts.errors
    if done >= limits.minimum_successes:
        return ""
    return (
        f"Only {done} requests succeeded on the canary in {written(limits.long)}; at least"
        f" {limits.minimum_successes} must."
    )


def _sums(served: Iterable[Served], of: Callable[[Served], Counts]) -> Counts:
    return sum(map(of, served), start=NONE)


def _failed(one: Served) -> Counts:
    return one.counts


def _slow(one: Served) -> Counts:
    return one.slow or NONE
