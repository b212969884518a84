"""What CloudWatch measured of one version of a function: calls and failed calls.

Lambda reports by executed version only while an alias has weights. When one version serves everybody, its numbers are
the alias's own; then the first, incomplete period is left out, because others may have been served in it as well.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from controller.aws.calls import calling, client
from controller.domain.deployment import Counts, Revision
from controller.domain.environment import Environment, LambdaTarget

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef, MetricDataQueryTypeDef

NAMESPACE = "AWS/Lambda"
REQUESTS, ERRORS = "Invocations", "Errors"


class CloudWatchMetrics:
    """Implements `ports.Metrics`."""

    def __init__(self, cloudwatch: "CloudWatchClient | None" = None) -> None:
        """`cloudwatch` is the client to use (default: the process's own)."""
        self._cloudwatch = cloudwatch or client("cloudwatch")

    def counts(  # noqa: PLR0913 - as in the port
        self,
        environment: Environment,
        component: str,
        revision: Revision,
        since: datetime,
        until: datetime,
        *,
        sole: bool,
    ) -> Counts | None:
        """Calls and errors of this version in the interval; None for a site, which is not measured by revision."""
        target = environment.components[component]
        if not isinstance(target, LambdaTarget):
            return None
        resource = f"{target.function_name}:{target.alias}"
        dimensions = {"FunctionName": target.function_name, "Resource": resource}
        if not sole:
            dimensions["ExecutedVersion"] = revision.id
        period = environment.judge.period_seconds
        start = _next(since, period) if sole else _floor(since, period)
        sums = self._sums(dimensions, start, max(until, start + timedelta(seconds=period)), period)
        return Counts(int(sums[REQUESTS]), int(sums[ERRORS]))

    def _sums(self, dimensions: Mapping[str, str], start: datetime, end: datetime, period: int) -> dict[str, float]:
        pages = self._cloudwatch.get_paginator("get_metric_data")
        sums = dict.fromkeys((REQUESTS, ERRORS), 0.0)
        queries = [_query(metric, dimensions, period) for metric in sums]
        with calling("cloudwatch:GetMetricData", ", ".join(dimensions.values())):
            for page in pages.paginate(MetricDataQueries=queries, StartTime=start, EndTime=end):
                for result in page["MetricDataResults"]:
                    sums[_metric(result["Id"])] += sum(result["Values"])
        return sums


def _query(metric: str, dimensions: Mapping[str, str], period: int) -> "MetricDataQueryTypeDef":
    named: list[DimensionTypeDef] = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    return {
        "Id": metric.lower(),
        "MetricStat": {
            "Metric": {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": named},
            "Period": period,
            "Stat": "Sum",
        },
    }


def _metric(query_id: str) -> str:
    return query_id.capitalize()


def _floor(moment: datetime, period: int) -> datetime:
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % period, UTC)


def _next(moment: datetime, period: int) -> datetime:
    floor = _floor(moment, period)
    return floor if floor == moment else floor + timedelta(seconds=period)
