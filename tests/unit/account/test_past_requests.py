from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.domain.components.function.target import FunctionTarget
from controller.domain.deployment import Counts
from controller.domain.judging.power import RequestRate
from selfright.account.past_requests import HOUR, MINUTE, Past, TrafficReader, UsualTraffic, usual
from tests.unit.aws.fake_lambda import refuse

NOW = datetime(2026, 1, 8, tzinfo=UTC)
WEEK_AGO = NOW - timedelta(days=7)
API = FunctionTarget(kind="function", function_name="smartpack-prod-api")


class FakeCloudWatch:
    """Answers in two pages, newest first, as CloudWatch does."""

    def __init__(self, *pages: dict[str, dict[datetime, float]], error: Exception | None = None) -> None:
        """`pages`: query id → time → value."""
        self.pages, self.error, self.asked = pages, error, {}

    def get_paginator(self, operation: str) -> "FakeCloudWatch":
        """Itself."""
        assert operation == "get_metric_data"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - AWS's
        """The pages."""
        self.asked = request
        if self.error:
            raise self.error
        for page in self.pages:
            yield {
                "MetricDataResults": [
                    {"Id": name, "Timestamps": list(values), "Values": list(values.values())}
                    for name, values in page.items()
                ]
            }


def reader(*pages: dict[str, dict[datetime, float]], error: Exception | None = None) -> TrafficReader:
    """A reader of these pages."""
    return TrafficReader(FakeCloudWatch(*pages, error=error))  # type: ignore[arg-type]


def at(minute: int) -> datetime:
    """So many minutes after the beginning."""
    return WEEK_AGO + timedelta(minutes=minute)


def test_requests_and_errors_are_joined_by_their_time() -> None:
    """Over all pages, in order; a minute without errors has none, one without requests is not there."""
    read = reader(
        {"invocations": {at(2): 30.0, at(1): 20.0}, "errors": {at(2): 3.0}},
        {"invocations": {at(0): 10.0, at(3): 0.0}, "errors": {at(3): 0.0}},
    )
    past = read.read(API, WEEK_AGO, NOW, MINUTE)
    assert list(past.counts.items()) == [(at(0), Counts(10, 0)), (at(1), Counts(20, 0)), (at(2), Counts(30, 3))]
    assert past.total == Counts(60, 3)


def test_the_alias_is_asked_for() -> None:
    """Other invocations are not visitors."""
    cloudwatch = FakeCloudWatch()
    TrafficReader(cloudwatch).read(API, WEEK_AGO, NOW, HOUR)  # type: ignore[arg-type]
    for query in cloudwatch.asked["MetricDataQueries"]:
        named = {one["Name"]: one["Value"] for one in query["MetricStat"]["Metric"]["Dimensions"]}
        assert named == {"FunctionName": "smartpack-prod-api", "Resource": "smartpack-prod-api:live"}
        assert query["MetricStat"]["Period"] == HOUR


def test_the_usual_traffic_is_that_of_the_median_hour() -> None:
    """One busy hour does not count, and the share of errors is never 0."""
    hours = {WEEK_AGO + timedelta(hours=number): Counts(3600) for number in range(167)}
    busy = {WEEK_AGO + timedelta(hours=167): Counts(10_000_000)}
    found = usual(Past(HOUR, hours | busy), WEEK_AGO, NOW)
    assert found
    assert found.per_second == 1
    assert 0 < found.error_rate < 1e-6


def test_where_most_hours_have_none_it_is_the_mean() -> None:
    """An app for office hours is not without traffic."""
    found = usual(Past(HOUR, {WEEK_AGO: Counts(168 * 36)}), WEEK_AGO, NOW)
    assert found
    assert found.per_second == pytest.approx(0.01)
    assert usual(Past(HOUR, {}), WEEK_AGO, NOW) is None


def test_what_may_not_be_read_is_not_known() -> None:
    """That stops no plan."""
    denied = reader(error=refuse("AccessDenied", 403))
    assert UsualTraffic(denied, NOW)(API) is None
    assert UsualTraffic(denied, NOW, 20)(API) == RequestRate(20, 0.001)


def test_a_given_rate_takes_the_place_of_the_measured_one() -> None:
    """The share of errors is still the measured one."""
    hours = {"invocations": {WEEK_AGO: 1000.0}, "errors": {WEEK_AGO: 10.0}}
    found = UsualTraffic(reader(hours), NOW, 20)(API)
    assert found == RequestRate(20, 10.5 / 1001)
