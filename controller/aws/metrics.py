"""What CloudWatch measured of each version of a component: requests, failed ones, and slow ones.

Each kind says by which metrics: the calls of a function, the executions of a state machine.

Lambda reports by executed version only while an alias has weights. When one version serves all visitors, its numbers
are those of the alias. Step Functions always reports by version. CloudWatch's percentile rank counts the requests that
took longer than a threshold: `PR(:250)` is the percentage of values up to 250.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.aws.components.kind import MetricNames
from controller.aws.components.registry import aws_kind_of
from controller.domain.environment import Environment
from controller.domain.judging.interval import PERCENTILES
from controller.domain.judging.measurement import Period, Sample, Subject, Thresholds, ceiling, floor
from controller.errors import TransientError
from controller.ports.signals import Metrics

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef, MetricDataQueryTypeDef, MetricDataResultTypeDef

DURATION = "duration"
REQUESTS, ERRORS, TIMED, MEAN = ("requests", "Sum"), ("errors", "Sum"), (DURATION, "SampleCount"), (DURATION, "Average")
"""What is measured, by the names of `MetricNames`, and the statistic."""
BEFORE = timedelta(hours=1)
"""How far back from a release the durations of stable are read, in whole hours."""
AT_ONCE, FAILED = 500, "InternalError"
"""How many metrics GetMetricData returns for one request, and the status of a metric that it could not read."""
LEAST_BEYOND = 5
"""A percentile becomes a threshold when at least this many requests were slower."""
RANKED = 1000.0
"""A threshold (ms) that is queried to find out whether CloudWatch returns percentile ranks at all."""


class WantedStatistic(NamedTuple):
    """One statistic of one version of one component; of several metrics, their sum."""

    component: str
    version: str
    metric: str
    stat: str


@dataclass(frozen=True)
class _Series:
    """The answers: statistic → moment → value."""

    values: Mapping[WantedStatistic, Mapping[datetime, float]]

    def at(self, moment: datetime, component: str, version: str, stat: tuple[str, str]) -> float | None:
        return self.values.get(WantedStatistic(component, version, *stat), {}).get(moment)


class CloudWatchMetrics(Metrics):
    """Implements `ports.Metrics`."""

    def __init__(self, cloudwatch: "CloudWatchClient | None" = None) -> None:
        """`cloudwatch` is the client to use (default: the process's own)."""
        self._cloudwatch = cloudwatch or client("cloudwatch")

    def thresholds(
        self, environment: Environment, components: Sequence[str], until: datetime
    ) -> Mapping[str, Thresholds]:
        """The percentiles of the hour before, where there were enough requests; see the port."""
        stats = [TIMED, MEAN, _rank(RANKED), *((DURATION, name) for name in PERCENTILES)]
        wanted = [WantedStatistic(name, "", *stat) for name in components for stat in stats]
        series = self._read(environment, wanted, floor(until - BEFORE, BEFORE), until, BEFORE)
        return {name: _thresholds(series, name) for name in components}

    def periods(
        self, environment: Environment, subjects: Sequence[Subject], since: datetime, until: datetime
    ) -> Sequence[Period]:
        """All whole periods between the two moments, by one call of GetMetricData; see the port."""
        length = timedelta(seconds=environment.judge.period)
        start, end = ceiling(since, length), floor(until, length)
        if end <= start:
            return []
        wanted = [
            WantedStatistic(subject.component, version, *stat)
            for subject in subjects
            for version in _versions(subject, environment)
            for stat in (REQUESTS, ERRORS, TIMED, MEAN, *map(_rank, subject.thresholds.values()))
        ]
        series = self._read(environment, wanted, start, end, length)
        moments = [start + number * length for number in range((end - start) // length)]
        return [
            _period(series, subject, _versions(subject, environment), moment, length)
            for subject in subjects
            for moment in moments
        ]

    def _read(
        self,
        environment: Environment,
        wanted: Sequence[WantedStatistic],
        start: datetime,
        end: datetime,
        period: timedelta,
    ) -> _Series:
        asked = [(one, metric) for one in dict.fromkeys(wanted) for metric in _metrics(one, environment)]
        names = {f"m{number}": one for number, (one, _) in enumerate(asked)}
        queries = [_query(f"m{number}", *pair, environment, period) for number, pair in enumerate(asked)]
        values: dict[WantedStatistic, dict[datetime, float]] = {one: {} for one in names.values()}
        for first in range(0, len(queries), AT_ONCE):
            for result in self._answers(queries[first : first + AT_ONCE], start, end):
                points = zip(result.get("Timestamps", []), result.get("Values", []), strict=False)
                known = values[names[result["Id"]]]
                for moment, value in points:
                    at = _utc(moment, start)
                    known[at] = known.get(at, 0) + value
        return _Series(values)

    def _answers(
        self, queries: Sequence["MetricDataQueryTypeDef"], start: datetime, end: datetime
    ) -> Iterator["MetricDataResultTypeDef"]:
        """The results of all pages; raises `TransientError` if CloudWatch could not read one (no data is no error)."""
        pages = self._cloudwatch.get_paginator("get_metric_data")
        with calling("cloudwatch:GetMetricData", "the versions' metrics"):
            for page in pages.paginate(MetricDataQueries=queries, StartTime=start, EndTime=end):
                for result in page["MetricDataResults"]:
                    if result.get("StatusCode") == FAILED:
                        raise TransientError(f"CloudWatch could not read {result.get('Label') or result['Id']}.")
                    yield result


def _rank(threshold: float) -> tuple[str, str]:
    return DURATION, f"PR(:{threshold:g})"


def _versions(subject: Subject, environment: Environment) -> tuple[str, ...]:
    """Canary and stable; "" stands for the alias, which measures a version that serves all visitors."""
    if subject.stable:
        return (subject.canary, subject.stable)
    kind = aws_kind_of(environment.components[subject.component].kind)
    return (subject.canary,) if kind.always_by_version else ("",)


def _measured(wanted: WantedStatistic, environment: Environment) -> MetricNames:
    target = environment.components[wanted.component]
    return aws_kind_of(target.kind).measured(target, wanted.version)


def _metrics(wanted: WantedStatistic, environment: Environment) -> Sequence[str]:
    """The metrics whose sum is wanted."""
    measured = _measured(wanted, environment)
    return {"requests": measured.requests, "errors": measured.errors}.get(wanted.metric, (measured.duration,))


def _query(
    name: str, wanted: WantedStatistic, metric: str, environment: Environment, period: timedelta
) -> "MetricDataQueryTypeDef":
    measured = _measured(wanted, environment)
    named: list[DimensionTypeDef] = [{"Name": name, "Value": value} for name, value in measured.dimensions.items()]
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {"Namespace": measured.namespace, "MetricName": metric, "Dimensions": named},
            "Period": int(period.total_seconds()),
            "Stat": wanted.stat,
        },
    }


def _thresholds(series: _Series, component: str) -> Thresholds:
    """The percentiles of the hour with the most requests; none where CloudWatch returns no ranks."""
    counted = series.values[WantedStatistic(component, "", *TIMED)]
    if not counted:
        return {}
    moment = max(counted, key=lambda hour: counted[hour])
    known = {name: series.at(moment, component, "", (DURATION, name)) for name in PERCENTILES}
    if not _is_rank(series, moment, component, "", RANKED):
        return {}
    beyond = {name: counted[moment] * (1 - float(name[1:]) / 100) for name in PERCENTILES}
    return {name: value for name, value in known.items() if value and beyond[name] >= LEAST_BEYOND}


def _is_rank(series: _Series, moment: datetime, component: str, version: str, threshold: float) -> bool:
    """Whether the value is a percentage. CloudWatch emulators without percentile rank return the mean."""
    rank = series.at(moment, component, version, _rank(threshold))
    return rank is not None and 0 <= rank <= 100 and rank != series.at(moment, component, version, MEAN)  # noqa: PLR2004 - percent


def _period(series: _Series, subject: Subject, versions: Sequence[str], moment: datetime, length: timedelta) -> Period:
    canary, *stable = (_sample(series, subject, version, moment) for version in versions)
    return Period(subject.component, moment, moment + length, canary, *stable)


def _sample(series: _Series, subject: Subject, version: str, moment: datetime) -> Sample | None:
    requests = series.at(moment, subject.component, version, REQUESTS)
    if requests is None:
        return None
    errors = series.at(moment, subject.component, version, ERRORS) or 0
    timed = round(series.at(moment, subject.component, version, TIMED) or 0)
    return Sample(round(requests), round(errors), timed, dict(_slow(series, subject, version, moment, timed)))


def _slow(series: _Series, subject: Subject, version: str, moment: datetime, timed: int) -> Iterator[tuple[str, int]]:
    for name, threshold in subject.thresholds.items():
        if _is_rank(series, moment, subject.component, version, threshold):
            rank = series.at(moment, subject.component, version, _rank(threshold)) or 0
            yield name, round(timed * (1 - rank / 100))


def _utc(moment: datetime, like: datetime) -> datetime:
    return moment.astimezone(like.tzinfo)
