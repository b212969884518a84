"""Metrics in memory: in every whole period, each version has the numbers that a test sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.domain.deployment import Counts
from controller.domain.environment import Environment
from controller.domain.judging.measurement import Period, Sample, Subject, Thresholds, ceiling, floor


@dataclass
class FakeMetrics:
    """Implements `ports.Metrics`: in each period a version has the counts in `known`, and of slow requests in `slow`.

    A version that is not in `known` has no data, and no version has data after `until`. At 100 % the judge does not
    query by version: then `known` has the canary's numbers.
    """

    known: dict[str, Counts] = field(default_factory=dict)
    slow: dict[str, Counts] = field(default_factory=dict)
    usual: dict[str, Thresholds] = field(default_factory=dict)
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)
    until: datetime | None = None

    def thresholds(
        self, environment: Environment, components: Sequence[str], until: datetime
    ) -> Mapping[str, Thresholds]:
        """The thresholds in `usual`."""
        return {name: self.usual.get(name, {}) for name in components}

    def periods(
        self, environment: Environment, subjects: Sequence[Subject], since: datetime, until: datetime
    ) -> Sequence[Period]:
        """The same numbers in every period."""
        assert since < until
        self.asked.append((since, until))
        length = timedelta(seconds=environment.judge.period)
        start, end = ceiling(since, length), floor(until, length)
        moments = [start + number * length for number in range(max(0, (end - start) // length))]
        return [self._period(subject, moment, length) for subject in subjects for moment in moments]

    def counts_of(self, version: str) -> Counts | None:
        """Requests and errors of a version in any period; None when there are no data."""
        return self.known.get(version)

    def _period(self, subject: Subject, moment: datetime, length: timedelta) -> Period:
        if self.until and moment >= self.until:
            return Period(subject.component, moment, moment + length, None)
        canary, stable = (self._sample(version, subject.thresholds) for version in (subject.canary, subject.stable))
        return Period(subject.component, moment, moment + length, canary, stable)

    def _sample(self, version: str, thresholds: Thresholds) -> Sample | None:
        counts, slow = self.counts_of(version), self.slow.get(version)
        if counts is None:
            return None
        timed = dict.fromkeys(thresholds, slow.errors) if slow else {}
        return Sample(counts.requests, counts.errors, slow.requests if slow else 0, timed)
