# ruff: noqa: ANN401 - botocore clients have no types of their own
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from controller.aws.alarms import CloudWatchAlarms
from controller.aws.components.function.component import FunctionComponent
from controller.aws.components.registry import AwsComponents
from controller.aws.components.site.component import SiteComponent
from controller.aws.metrics import CloudWatchMetrics
from controller.domain.environment import Environment
from controller.domain.judging.alarm_data import StateReason
from controller.domain.judging.measurement import Period, Sample, Subject
from controller.errors import AwsError, NotFoundError, SelfrightError, TransientError

NOON = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
RESOURCE = {"FunctionName": "fn", "Resource": "fn:live"}
ENVIRONMENT = Environment.model_validate(
    {
        "application": "smartpack",
        "environment": "prod",
        "components": {
            "api": {"kind": "function", "function_name": "fn"},
            "ai": {"kind": "image", "function_name": "fn", "repository": "ai"},
            "site": {"kind": "site", "bucket": "bucket", "routing_function": "routing"},
        },
    }
)


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """CloudWatch by moto."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client(
            "cloudwatch", region_name="eu-central-1", aws_access_key_id="testing", aws_secret_access_key="testing"
        )


MINUTE = timedelta(minutes=1)


def put(cloudwatch: Any, at: datetime, requests: int, errors: int, version: str = "") -> None:
    """Write the metrics that Lambda reports for one minute."""
    given = RESOURCE | ({"ExecutedVersion": version} if version else {})
    dimensions = [{"Name": name, "Value": value} for name, value in given.items()]
    data = [
        {"MetricName": name, "Dimensions": dimensions, "Timestamp": at, "Value": value, "Unit": "Count"}
        for name, value in (("Invocations", requests), ("Errors", errors))
    ]
    cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=data)


def periods(cloudwatch: Any, since: datetime, minutes: float, subject: Subject | None = None) -> Sequence[Period]:
    """The periods that the adapter returns for these minutes."""
    until = since + minutes * MINUTE
    return CloudWatchMetrics(cloudwatch).periods(ENVIRONMENT, [subject or Subject("api", "8", "7")], since, until)


def test_each_version_has_its_own_numbers(cloudwatch: Any) -> None:
    """While traffic is split, the canary's errors are not those of stable; each minute has its own numbers."""
    for minute in range(3):
        put(cloudwatch, NOON + minute * MINUTE, 100 + minute, 1, "7")
        put(cloudwatch, NOON + minute * MINUTE, 10, 4, "8")
    first, second, third = periods(cloudwatch, NOON, 3)
    assert first == Period("api", NOON, NOON + MINUTE, Sample(10, 4), Sample(100, 1))
    assert (second.since, second.stable) == (NOON + MINUTE, Sample(101, 1))
    assert third.stable == Sample(102, 1)


def test_no_numbers_are_not_zero(cloudwatch: Any) -> None:
    """A version without data may have had no calls, or its data may be late: the judge decides."""
    put(cloudwatch, NOON, 5, 0, "7")
    (one,) = periods(cloudwatch, NOON, 1)
    assert (one.canary, one.stable) == (None, Sample(5, 0))


def test_only_whole_periods_are_read(cloudwatch: Any) -> None:
    """A period that began earlier or has not ended had another share of the traffic."""
    for minute in range(4):
        put(cloudwatch, NOON + minute * MINUTE, 1, 0, "8")
    found = periods(cloudwatch, NOON + timedelta(seconds=1), 2.5)
    assert [one.since for one in found] == [NOON + MINUTE]
    assert periods(cloudwatch, NOON + timedelta(seconds=1), 0.5) == []


def test_the_only_version_has_the_numbers_of_the_alias(cloudwatch: Any) -> None:
    """Lambda reports by version only while there are weights."""
    put(cloudwatch, NOON, 10, 2)
    (one,) = periods(cloudwatch, NOON, 1, Subject("api", "8"))
    assert (one.canary, one.stable) == (Sample(10, 2), None)


def test_several_components_are_measured_by_one_call(cloudwatch: Any) -> None:
    """Each has its versions; an image is measured like any function."""
    put(cloudwatch, NOON, 10, 2, "8")
    calls = []
    cloudwatch.meta.events.register("before-call.cloudwatch.GetMetricData", lambda **_: calls.append(1))
    metrics, until = CloudWatchMetrics(cloudwatch), NOON + MINUTE
    found = metrics.periods(ENVIRONMENT, [Subject("api", "8", "7"), Subject("ai", "8", "7")], NOON, until)
    assert [(one.component, one.canary) for one in found] == [("api", Sample(10, 2)), ("ai", Sample(10, 2))]
    assert len(calls) == 1


def test_a_site_is_not_measured_by_revision(cloudwatch: Any) -> None:
    """CloudFront's metrics have no revision, so a query for them is a mistake."""
    with pytest.raises(SelfrightError, match="A site is not measured by version"):
        periods(cloudwatch, NOON, 1, Subject("site", "b", "a"))


class FixedMetrics:
    """CloudWatch with the values of one moment, by metric, statistic and version."""

    def __init__(self, values: Mapping[tuple[str, str, str], float], moment: datetime = NOON) -> None:
        self.values, self.moment = values, moment
        self.asked: list[Any] = []

    def get_paginator(self, _name: str) -> "FixedMetrics":
        """The only operation."""
        return self

    def paginate(self, **request: Any) -> list[Any]:
        """One page; a statistic of which there are no data has no values."""
        self.asked.append(request)
        return [{"MetricDataResults": [self._result(query) for query in request["MetricDataQueries"]]}]

    def _result(self, query: Any) -> Any:
        stat = query["MetricStat"]
        version = {one["Name"]: one["Value"] for one in stat["Metric"]["Dimensions"]}.get("ExecutedVersion", "")
        value = self.values.get((stat["Metric"]["MetricName"], stat["Stat"], version))
        known = {"Timestamps": [self.moment], "Values": [value]} if value is not None else {}
        return {"Id": query["Id"], "StatusCode": "Complete", **known}


def values_of(version: str, requests: float, mean: float, **ranks: float) -> dict[tuple[str, str, str], float]:
    """CloudWatch's values for one version; `ranks` by the threshold: `at_90=95` for PR(:90)."""
    counts = {("Invocations", "Sum"): requests, ("Errors", "Sum"): 0.0, ("Duration", "SampleCount"): requests}
    ranked = {("Duration", f"PR(:{name.removeprefix('at_')})"): rank for name, rank in ranks.items()}
    return {(*key, version): value for key, value in {**counts, ("Duration", "Average"): mean, **ranked}.items()}


THRESHOLDS = {"p90": 90.0, "p99": 250.5}


def test_slow_requests_are_counted_by_their_rank() -> None:
    """PR(:90) is the percentage of durations up to 90 ms: the rest were slower."""
    stub = FixedMetrics(
        {**values_of("8", 200, 40.0, **{"at_90": 75.0, "at_250.5": 98.5}), **values_of("7", 1000, 30.0, at_90=90.0)}
    )
    (one,) = periods(stub, NOON, 1, Subject("api", "8", "7", THRESHOLDS))
    assert one.canary == Sample(200, 0, 200, {"p90": 50, "p99": 3})
    assert one.stable == Sample(1000, 0, 1000, {"p90": 100})


def test_a_rank_that_equals_the_mean_is_ignored() -> None:
    """An emulator without percentile rank returns the mean; then latency is not measured."""
    stub = FixedMetrics({**values_of("8", 200, 40.0, at_90=40.0), **values_of("7", 1000, 30.0, at_90=30.0)})
    (one,) = periods(stub, NOON, 1, Subject("api", "8", "7", {"p90": 90.0}))
    assert (one.canary, one.stable) == (Sample(200, 0, 200), Sample(1000, 0, 1000))


def usual(**more: float) -> dict[tuple[str, str, str], float]:
    """CloudWatch's values for the hour before, with all percentiles."""
    percentiles = {("Duration", name, ""): value for name, value in (("p50", 20.0), ("p75", 30.0), ("p90", 90.0))}
    return {**values_of("", 200, 40.0, **more), **percentiles, ("Duration", "p99", ""): 250.5}


def test_stables_own_percentiles_are_the_thresholds() -> None:
    """A percentile needs enough requests beyond it: two of 200 beyond the 99th are too few."""
    stub = FixedMetrics(usual(at_1000=99.5))
    found = CloudWatchMetrics(stub).thresholds(ENVIRONMENT, ["api"], NOON + timedelta(minutes=30))  # type: ignore[arg-type]
    assert found == {"api": {"p50": 20.0, "p75": 30.0, "p90": 90.0}}
    (request,) = stub.asked
    assert request["StartTime"] == NOON - timedelta(hours=1)


@pytest.mark.parametrize("values", [{}, usual(), usual(at_1000=40.0)], ids=["no data", "no ranks", "averages"])
def test_where_slow_requests_cannot_be_counted_there_are_no_thresholds(values: Any) -> None:
    """So the judge spends no risk on a signal that is never measured."""
    metrics = CloudWatchMetrics(FixedMetrics(values))  # type: ignore[arg-type]
    assert metrics.thresholds(ENVIRONMENT, ["api"], NOON) == {"api": {}}


def test_alarms_have_states_and_deleted_ones_are_absent(cloudwatch: Any) -> None:
    """There are metric and composite alarms, more than one call takes."""
    metric, composite = [f"alarm-{number:03}" for number in range(101)], "composite"
    kinds = ["MetricAlarm", "CompositeAlarm"]
    fine = [{"AlarmName": name, "StateValue": "OK"} for name in metric]
    firing = {"AlarmName": composite, "StateValue": "ALARM"}
    with Stubber(cloudwatch) as stub:
        for names, answer in (
            (metric[:100], {"MetricAlarms": fine[:100]}),
            ([*metric[100:], composite, "gone"], {"MetricAlarms": fine[100:], "CompositeAlarms": [firing]}),
        ):
            stub.add_response("describe_alarms", answer, {"AlarmNames": names, "AlarmTypes": kinds, "MaxRecords": 100})
        states = CloudWatchAlarms(cloudwatch).states(["gone", composite, *metric, composite])
    assert states == {**dict.fromkeys(metric, "OK"), composite: "ALARM"}


def test_alarms_are_read_through_the_real_interface(cloudwatch: Any) -> None:
    """CloudWatch accepts the call."""
    cloudwatch.put_metric_alarm(
        AlarmName="api-errors",
        MetricName="Errors",
        Namespace="AWS/Lambda",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName="api-errors", StateValue="ALARM", StateReason="test")
    assert CloudWatchAlarms(cloudwatch).states(["api-errors", "gone"]) == {"api-errors": "ALARM"}
    assert CloudWatchAlarms(cloudwatch).states([]) == {}


@pytest.mark.parametrize(
    ("code", "status", "kind"), [("AccessDenied", 403, AwsError), ("InternalServiceFault", 500, TransientError)]
)
def test_alarms_that_cannot_be_read_are_an_error(
    cloudwatch: Any, code: str, status: int, kind: type[Exception]
) -> None:
    """The judge then fails closed; an empty answer would look like deleted alarms."""
    with Stubber(cloudwatch) as stub:
        stub.add_client_error("describe_alarms", code, "No.", status)
        with pytest.raises(kind, match="cloudwatch:DescribeAlarms on api-errors"):
            CloudWatchAlarms(cloudwatch).states(["api-errors"])


def test_each_kind_has_its_class() -> None:
    """The environment says what kind a component is."""
    components = AwsComponents("bucket")
    assert isinstance(components.get(ENVIRONMENT, "api"), FunctionComponent)
    assert isinstance(components.get(ENVIRONMENT, "site"), SiteComponent)


def test_an_unknown_component_is_reported_with_the_known_ones() -> None:
    """A typing error in a name is visible at once."""
    with pytest.raises(NotFoundError, match=r"has no component 'web'; it has: ai, api, site\."):
        AwsComponents("bucket").get(ENVIRONMENT, "web")


class CountingMetrics:
    """GetMetricData with one value for every metric; like AWS, it refuses too many metrics at once."""

    def __init__(self, status: str = "Complete") -> None:
        self.status, self.asked = status, list[int]()

    def get_paginator(self, operation: str) -> "CountingMetrics":
        """Only GetMetricData."""
        assert operation == "get_metric_data"
        return self

    def paginate(self, *, MetricDataQueries: Sequence[Any], **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        """One page."""
        self.asked.append(len(MetricDataQueries))
        assert len(MetricDataQueries) <= 500
        answer = {"Timestamps": [NOON], "Values": [7.0], "StatusCode": self.status}
        yield {"MetricDataResults": [{"Id": one["Id"], **answer} for one in MetricDataQueries]}


def test_a_hundred_functions_are_read_by_as_many_requests_as_needed() -> None:
    """AWS returns five hundred metrics at once: it would refuse one more, and a good release would be rolled back."""
    functions = {f"f{number}": {"kind": "function", "function_name": f"f{number}"} for number in range(100)}
    environment = ENVIRONMENT.model_validate({**ENVIRONMENT.model_dump(mode="json"), "components": functions})
    subjects = [Subject(name, "8", "7", {"p50": 10, "p99": 90}) for name in functions]
    counting: Any = CountingMetrics()
    found = CloudWatchMetrics(counting).periods(environment, subjects, NOON, NOON + MINUTE)
    assert (sum(counting.asked), len(counting.asked)) == (1200, 3)
    assert [(one.canary, one.stable) for one in found if one.canary is None or one.stable is None] == []


def test_a_metric_that_cloudwatch_could_not_read_is_an_error() -> None:
    """The evaluation is repeated, because missing data would look like no calls."""
    counting: Any = CountingMetrics("InternalError")
    with pytest.raises(TransientError, match="could not read"):
        periods(counting, NOON, 1)


def test_the_slowest_alarm_says_how_long_all_may_take(cloudwatch: Any) -> None:
    """Its period times its evaluations; of metric math the longest period, and five minutes for a composite alarm."""
    math = [{"Id": "m", "MetricStat": {"Metric": {}, "Period": 300, "Stat": "Sum"}}, {"Id": "e", "Expression": "m"}]
    plain = {"AlarmName": "plain", "StateValue": "OK", "Period": 60, "EvaluationPeriods": 3}
    for alarms, composite, minutes in (
        ([plain], [], 3),
        ([plain, {"AlarmName": "math", "StateValue": "OK", "Metrics": math, "EvaluationPeriods": 2}], [], 10),
        ([plain], [{"AlarmName": "both", "StateValue": "OK"}], 5),
    ):
        with Stubber(cloudwatch) as stub:
            stub.add_response("describe_alarms", {"MetricAlarms": alarms, "CompositeAlarms": composite})
            assert CloudWatchAlarms(cloudwatch).reaction(["plain"]) == timedelta(minutes=minutes)


def test_an_alarm_keeps_why_it_fires_and_the_time_of_its_data(cloudwatch: Any) -> None:
    """CloudWatch keeps the reason of a state as data."""
    reason = '{"period": 60, "evaluatedDatapoints": [{"timestamp": "2026-01-02T03:04:00.000+0000", "value": 1.0}]}'
    with Stubber(cloudwatch) as stub:
        alarm = {"AlarmName": "plain", "StateValue": "ALARM", "StateReason": "3 > 2", "StateReasonData": reason}
        stub.add_response("describe_alarms", {"MetricAlarms": [alarm]})
        until = datetime(2026, 1, 2, 3, 5, tzinfo=UTC)
        assert CloudWatchAlarms(cloudwatch).reason("plain") == StateReason("3 > 2", until, until - timedelta(minutes=1))
        composite = {"AlarmName": "both", "StateValue": "ALARM", "StateReason": "one of them"}
        stub.add_response("describe_alarms", {"CompositeAlarms": [composite]})
        assert CloudWatchAlarms(cloudwatch).reason("both") == StateReason("one of them")
        stub.add_response("describe_alarms", {})
        assert CloudWatchAlarms(cloudwatch).reason("gone") == StateReason()


MACHINE = "arn:aws:states:eu-central-1:111122223333:stateMachine:orders"
ORDERS = Environment.model_validate(
    {
        "application": "smartpack",
        "environment": "prod",
        "components": {"flow": {"kind": "state_machine", "state_machine_arn": MACHINE}},
    }
)


def ended(cloudwatch: Any, version: str, **executions: int) -> None:
    """Write what Step Functions reports for the minute `NOON` of executions that the alias has started."""
    alias, by_version = {"Alias": "live"}, {"Version": version}
    for name, value in executions.items():
        for more in (alias, by_version):
            dimensions = [{"Name": key, "Value": text} for key, text in {"StateMachineArn": MACHINE, **more}.items()]
            data = {"MetricName": f"Executions{name}", "Dimensions": dimensions, "Timestamp": NOON, "Value": value}
            cloudwatch.put_metric_data(Namespace="AWS/States", MetricData=[data])


def test_executions_that_have_ended_are_counted_by_version(cloudwatch: Any) -> None:
    """Failures and timeouts count against a version; what still runs or was stopped by a person does not."""
    ended(cloudwatch, "7", Started=90, Succeeded=48, Failed=1, TimedOut=1, Aborted=5)
    ended(cloudwatch, "8", Started=10, Succeeded=2, Failed=3)
    found = CloudWatchMetrics(cloudwatch).periods(ORDERS, [Subject("flow", "8", "7")], NOON, NOON + MINUTE)
    assert [(one.canary, one.stable) for one in found] == [(Sample(5, 3), Sample(50, 2))]


def test_a_version_on_which_all_executions_start_does_not_answer_for_those_of_the_former(cloudwatch: Any) -> None:
    """These go on and end on their own version, under the same alias."""
    ended(cloudwatch, "7", Failed=9)
    ended(cloudwatch, "8", Succeeded=4)
    found = CloudWatchMetrics(cloudwatch).periods(ORDERS, [Subject("flow", "8")], NOON, NOON + MINUTE)
    assert [one.canary for one in found] == [Sample(4, 0)]
