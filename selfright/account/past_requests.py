"""Past requests of an environment's functions, from CloudWatch."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from statistics import fmean, median
from typing import TYPE_CHECKING

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.domain.components.target import Target
from controller.domain.deployment import Counts
from controller.domain.judging.power import RequestRate
from controller.errors import AwsError
from selfright.components.kind import RequestMetrics
from selfright.components.registry import kind_of

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

MINUTE, HOUR, DAY = 60, 3600, 86_400
MINUTES_KEPT = 15 * DAY
"""CloudWatch keeps periods of a minute for 15 days (and of an hour for 455)."""
USUAL_SECONDS = 7 * DAY
"""A whole week, because weekends are not like other days."""
UNKNOWN_RATE = 0.001
"""The share of errors that is assumed without measurements."""


@dataclass(frozen=True)
class Past:
    """Periods of `seconds` each that begin at these moments, in order; a period without a request is not there."""

    seconds: int
    counts: Mapping[datetime, Counts]

    @property
    def total(self) -> Counts:
        """All of it together."""
        return sum(self.counts.values(), start=Counts())

    def between(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, Counts]]:
        """The periods that begin between these moments, the last one not included."""
        times = self._times
        for at in times[bisect_left(times, since) : bisect_left(times, until)]:
            yield at, self.counts[at]

    @cached_property
    def _times(self) -> list[datetime]:
        return list(self.counts)


class TrafficReader:
    """Reads how many requests there were, and how many failed; one call for about 50,000 periods."""

    def __init__(self, cloudwatch: "CloudWatchClient | None" = None) -> None:
        """`cloudwatch` is the client to use (default: the process's own)."""
        self._cloudwatch = cloudwatch or client("cloudwatch")

    def read(self, target: Target, since: datetime, until: datetime, seconds: int) -> Past:
        """Requests and errors of a component, in periods of so many seconds (60, or a multiple of it).

        For a kind whose requests are not counted, the result is empty.
        """
        metrics = kind_of(target.kind).metrics(target)
        if metrics is None:
            return Past(seconds, {})
        names = (metrics.requests, metrics.errors)
        found: dict[str, dict[datetime, float]] = {name.lower(): {} for name in names}
        queries = [_query(metrics, name, seconds) for name in names]
        pages = self._cloudwatch.get_paginator("get_metric_data")
        with calling("cloudwatch:GetMetricData", " ".join(metrics.dimensions.values())):
            for page in pages.paginate(MetricDataQueries=queries, StartTime=since, EndTime=until):
                for result in page["MetricDataResults"]:
                    values = zip(result["Timestamps"], result["Values"], strict=False)
                    found[result["Id"]].update(values)
        requests, errors = (found[name.lower()] for name in names)
        counts = {at: Counts(int(requests[at]), int(errors.get(at, 0))) for at in sorted(requests) if requests[at]}
        return Past(seconds, counts)


def usual(past: Past, since: datetime, until: datetime) -> RequestRate | None:
    """The usual traffic between two moments; None when there was none at all.

    The requests are those of the median period, or, where most periods had none, of the mean one. The share of errors
    is Krichevsky and Trofimov's estimate, which is never 0.
    """
    periods = max(1, round((until - since).total_seconds() / past.seconds))
    requests: Sequence[int] = [counts.requests for counts in past.counts.values()]
    if not any(requests):
        return None
    all_of_them = [*requests, *([0] * (periods - len(requests)))]
    each = median(all_of_them) or fmean(all_of_them)
    return RequestRate(each / past.seconds, (past.total.errors + 0.5) / (past.total.requests + 1))


@dataclass(frozen=True)
class UsualTraffic:
    """The usual traffic of a function by the last days. With `per_second`, only the share of errors is read.

    None if nothing was measured or may be read: then the plan has no forecast.
    """

    reader: TrafficReader
    now: datetime
    per_second: float | None = None

    def __call__(self, target: Target) -> RequestRate | None:
        """The usual traffic of one function, for `planning.outlook`; one call."""
        measured = self._measured(target)
        if self.per_second is None:
            return measured
        return RequestRate(self.per_second, measured.error_rate if measured else UNKNOWN_RATE)

    def _measured(self, target: Target) -> RequestRate | None:
        since = self.now - timedelta(seconds=USUAL_SECONDS)
        try:
            return usual(self.reader.read(target, since, self.now, HOUR), since, self.now)
        except AwsError:
            return None


def _query(metrics: RequestMetrics, metric: str, seconds: int) -> "MetricDataQueryTypeDef":
    return {
        "Id": metric.lower(),
        "MetricStat": {
            "Metric": {
                "Namespace": metrics.namespace,
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in metrics.dimensions.items()],
            },
            "Period": seconds,
            "Stat": "Sum",
        },
    }
