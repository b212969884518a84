# ruff: noqa: ANN401 - botocore clients have no types of their own
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from controller.aws.alarms import CloudWatchAlarms
from controller.aws.components import AwsComponents
from controller.aws.functions import FunctionComponent
from controller.aws.metrics import CloudWatchMetrics
from controller.aws.sites import SiteComponent
from controller.domain.deployment import Counts, Revision
from controller.domain.environment import Environment
from controller.errors import AwsError, NotFoundError, TransientError

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


def put(cloudwatch: Any, at: datetime, requests: int, errors: int, version: str = "") -> None:
    """What Lambda reports of one minute."""
    given = RESOURCE | ({"ExecutedVersion": version} if version else {})
    dimensions = [{"Name": name, "Value": value} for name, value in given.items()]
    data = [
        {"MetricName": name, "Dimensions": dimensions, "Timestamp": at, "Value": value, "Unit": "Count"}
        for name, value in (("Invocations", requests), ("Errors", errors))
    ]
    cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=data)


def test_a_container_image_is_measured_like_any_function(cloudwatch: Any) -> None:
    """Lambda's metrics do not know what the code came in."""
    put(cloudwatch, NOON, 10, 4, "8")
    metrics = CloudWatchMetrics(cloudwatch)
    until = NOON + timedelta(minutes=5)
    assert metrics.counts(ENVIRONMENT, "ai", Revision("8"), NOON, until, sole=False) == Counts(10, 4)


def counts(cloudwatch: Any, version: str, since: datetime, *, sole: bool = False) -> Counts | None:
    """What the adapter makes of it, until five minutes later."""
    metrics = CloudWatchMetrics(cloudwatch)
    return metrics.counts(ENVIRONMENT, "api", Revision(version), since, since + timedelta(minutes=5), sole=sole)


def test_each_version_has_its_own_numbers(cloudwatch: Any) -> None:
    """While traffic is split, the canary's errors are not the stable version's."""
    for minute in range(3):
        put(cloudwatch, NOON + timedelta(minutes=minute), 100, 1, "7")
        put(cloudwatch, NOON + timedelta(minutes=minute), 10, 4, "8")
    assert counts(cloudwatch, "7", NOON) == Counts(300, 3)
    assert counts(cloudwatch, "8", NOON) == Counts(30, 12)


def test_no_numbers_are_zero(cloudwatch: Any) -> None:
    """A version that nobody called has no data; the judge finds that inconclusive."""
    assert counts(cloudwatch, "8", NOON) == Counts(0, 0)


def test_the_beginning_is_the_periods(cloudwatch: Any) -> None:
    """CloudWatch has one number for a period, and the version's first calls are in it."""
    put(cloudwatch, NOON, 5, 1, "8")
    assert counts(cloudwatch, "8", NOON + timedelta(seconds=40)) == Counts(5, 1)


def test_the_only_version_has_the_aliass_numbers(cloudwatch: Any) -> None:
    """Lambda reports by version only while there are weights; and what others served before does not count."""
    put(cloudwatch, NOON, 90, 80)
    put(cloudwatch, NOON + timedelta(minutes=1), 10, 2)
    assert counts(cloudwatch, "8", NOON + timedelta(seconds=40), sole=True) == Counts(10, 2)
    assert counts(cloudwatch, "8", NOON, sole=True) == Counts(100, 82)


def test_an_interval_without_a_whole_period_is_asked_validly(cloudwatch: Any) -> None:
    """CloudWatch refuses an interval that ends before it begins."""
    metrics, since = CloudWatchMetrics(cloudwatch), NOON + timedelta(seconds=1)
    until = since + timedelta(seconds=5)
    assert metrics.counts(ENVIRONMENT, "api", Revision("8"), since, until, sole=True) == Counts(0, 0)


def test_a_site_is_not_measured_by_revision(cloudwatch: Any) -> None:
    """CloudFront's metrics know no revision; None is not zero."""
    metrics = CloudWatchMetrics(cloudwatch)
    assert metrics.counts(ENVIRONMENT, "site", Revision("a"), NOON, NOON, sole=False) is None


def test_alarms_have_states_and_deleted_ones_are_absent(cloudwatch: Any) -> None:
    """Metric and composite alarms, more than a call takes."""
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


def test_alarms_by_the_real_interface(cloudwatch: Any) -> None:
    """The call is one that CloudWatch understands."""
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
    """The judge fails closed on it; an empty answer would look like deleted alarms."""
    with Stubber(cloudwatch) as stub:
        stub.add_client_error("describe_alarms", code, "No.", status)
        with pytest.raises(kind, match="cloudwatch:DescribeAlarms on api-errors"):
            CloudWatchAlarms(cloudwatch).states(["api-errors"])


def test_each_kind_has_its_class() -> None:
    """The environment says what kind a component is."""
    components = AwsComponents("bucket")
    assert isinstance(components.get(ENVIRONMENT, "api"), FunctionComponent)
    assert isinstance(components.get(ENVIRONMENT, "site"), SiteComponent)


def test_an_unknown_component_is_told_with_the_known_ones() -> None:
    """A typing error in a name is seen at once."""
    with pytest.raises(NotFoundError, match=r"has no component 'web'; it has: ai, api, site\."):
        AwsComponents("bucket").get(ENVIRONMENT, "web")
