"""Absolute limits: what no release may exceed, however bad stable itself is.

Each limit is an objective with a budget ("0.5 % of the requests may fail", "one in a hundred may take longer"); the
burn rate is how many times faster than allowed the budget is spent. As in the SRE workbook's alerts, two windows must
agree: the long one shows that the problem matters, the short one that it has not ended yet.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.domain.deployment import Counts
from controller.domain.durations import written
from controller.domain.environment import Limits
from controller.domain.judging.interval import NONE

SLOW_BUDGET = 0.01
"""p99 means that one request in a hundred may be slower."""
LEAST = 5
"""The fewest failures in the long window that exceed a limit: one failure of three requests is 33 %, but no outage."""


@dataclass(frozen=True)
class Served:
    """The canary's requests from `since` to `until`; the `errors` of `slow` took longer than the limit's `p99_ms`."""

    since: datetime
    until: datetime
    counts: Counts
    slow: Counts | None = None


def exceeded_limit(limits: Limits, served: Sequence[Served], now: datetime) -> str:
    """A sentence with the limit that is exceeded and its figures; "" when none is. `served` may hold older periods."""
    short, long = (_within(served, now, seconds) for seconds in (limits.short, limits.long))
    trouble = ""
    if limits.error_rate is not None:
        trouble = _burning("requests failed", limits.error_rate, _sums(short, _failed), _sums(long, _failed))
    if limits.p99_ms is not None and not trouble:
        what = f"requests took longer than {limits.p99_ms:g} ms"
        trouble = _burning(what, SLOW_BUDGET, _sums(short, _slow), _sums(long, _slow))
    return trouble or _too_few(limits, served, long, now)


def _within(served: Iterable[Served], now: datetime, seconds: int) -> list[Served]:
    """The periods that end in the window, wherever they begin: so a short window is not always empty."""
    return [one for one in served if now - timedelta(seconds=seconds) < one.until <= now]


def _burning(what: str, budget: float, short: Counts, long: Counts) -> str:
    if long.errors < LEAST or min(short.error_rate, long.error_rate) <= budget:
        return ""
    return (
        f"{long.errors} of {long.requests} {what} on the canary, {long.error_rate / budget:.1f} times as many as the"
        f" limit of {budget * 100:g} % allows, and {short.errors} of the last {short.requests}."
    )


def _too_few(limits: Limits, served: Sequence[Served], long: Sequence[Served], now: datetime) -> str:
    """The sentence for too few successes; "" until there are periods for the whole window."""
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
