"""The measurements by period, and which periods have settled: this distinguishes late data from no data.

Metrics arrive late, and not all at once. A period counts some time after its end, when both sides have reported it or a
later one. A side that reports nothing for longer had no requests.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.domain.deployment import Counts
from controller.domain.judging.interval import Interval, Slow

PATIENCE = 3
"""How long the judge waits for a side that reports nothing: this many times the usual delay."""
LIMIT = "limit"
"""The name of the environment's own threshold, beside stable's percentiles."""
Thresholds = Mapping[str, float]
"""Percentile (`p50`, …) of stable's own duration, or `limit` → milliseconds."""


@dataclass(frozen=True)
class Subject:
    """One component to measure: the versions of both sides, and the thresholds above which a request is slow.

    Without `stable`, the canary serves all visitors.
    """

    component: str
    canary: str
    stable: str = ""
    thresholds: Thresholds = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """The requests of one version in one period.

    `timed` is the number of requests whose duration is known, `slow` how many of them took longer than each threshold;
    a threshold that `slow` lacks was not measured.
    """

    requests: int
    errors: int
    timed: int = 0
    slow: Mapping[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> Counts:
        """Requests and errors."""
        return Counts(self.requests, self.errors)

    def slower(self, threshold: str) -> Counts | None:
        """The timed requests, and those slower than the threshold; None when that was not measured."""
        return Counts(self.timed, self.slow[threshold]) if threshold in self.slow else None


NOTHING = Sample(0, 0)


@dataclass(frozen=True)
class Period:
    """One component in one period of the metrics; None for a side without data."""

    component: str
    since: datetime
    until: datetime
    canary: Sample | None
    stable: Sample | None = None

    @property
    def empty(self) -> bool:
        """Whether neither side has data."""
        return self.canary is None and self.stable is None


@dataclass(frozen=True)
class Settled:
    """The periods of one component that will not change any more, in order, and the moment up to which all have."""

    periods: tuple[Period, ...]
    until: datetime


def settled(periods: Sequence[Period], subject: Subject, since: datetime, now: datetime, delay: timedelta) -> Settled:
    """This subject's settled periods from `since` on; `delay` is how long metrics usually take to arrive."""
    own = sorted((one for one in periods if one.component == subject.component), key=lambda one: one.since)
    reported = _reported_until(own, both=bool(subject.stable))
    done: list[Period] = []
    for period in own:
        age = now - period.until
        longest = PATIENCE * max(delay, period.until - period.since)
        if age < delay or (period.until > reported and age < longest):
            break
        done.append(period)
    return Settled(tuple(done), done[-1].until if done else since)


def _reported_until(periods: Iterable[Period], *, both: bool) -> datetime:
    """The moment up to which every side has reported something."""
    never = datetime.min.replace(tzinfo=next((one.until.tzinfo for one in periods), None))
    canary = max((one.until for one in periods if one.canary), default=never)
    stable = max((one.until for one in periods if one.stable), default=never)
    return min(canary, stable) if both else canary


def intervals(periods: Iterable[Period], thresholds: Thresholds) -> list[Interval]:
    """The periods as intervals for the judge, without the periods that have no data."""
    return [_interval(one, thresholds) for one in periods if not one.empty]


def _interval(period: Period, thresholds: Thresholds) -> Interval:
    canary, stable = period.canary or NOTHING, period.stable or NOTHING
    sides = [(name, canary.slower(name), stable.slower(name)) for name in thresholds if name != LIMIT]
    slow = tuple(Slow(name, thresholds[name], new, old) for name, new, old in sides if new and old)
    return Interval(period.component, period.since, period.until, canary.counts, stable.counts, slow)


def floor(moment: datetime, period: timedelta) -> datetime:
    """The beginning of the period that contains a moment."""
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % int(period.total_seconds()), moment.tzinfo)


def ceiling(moment: datetime, period: timedelta) -> datetime:
    """The beginning of the first period that starts at a moment or after it."""
    begun = floor(moment, period)
    return begun if begun == moment else begun + period
