"""Alarms that are evaluated from time to time."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from controller.domain.judging.alarm_data import measured
from selfright.local.gateway.alarms import SeenAlarms

TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"


@pytest.fixture
def cloudwatch() -> Iterator[Any]:
    """CloudWatch with one alarm, which has a topic for its firing."""
    with mock_aws():
        client = boto3.client("cloudwatch", region_name="us-east-1")
        client.put_metric_alarm(
            AlarmName="errors",
            Namespace="AWS/Lambda",
            MetricName="Errors",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            Statistic="Sum",
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[TOPIC, "arn:aws:automate:us-east-1:ec2:stop"],
        )
        client.set_alarm_state(AlarmName="errors", StateValue="OK", StateReason="calm")
        yield client


class Told:
    """What was told by topics and as events."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - any client
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self.events: list[Any] = []
        self.seen = SeenAlarms(
            client, lambda topic, text: self.messages.append((topic, json.loads(text))), self.events.append
        )


def test_a_firing_alarm_is_told_at_its_evaluation(cloudwatch: Any) -> None:  # noqa: ANN401
    """By its topic and as an event, once; its actions in the emulator are disabled, so nobody is told sooner."""
    told = Told(cloudwatch)
    told.seen.evaluate()
    told.events.clear()
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="too many")
    assert (told.messages, told.events) == ([], [])
    assert told.seen.evaluate() == ["errors"]
    assert told.seen.evaluate() == []
    ((topic, message),) = told.messages
    assert (topic, message["AlarmName"], message["NewStateValue"]) == (TOPIC, "errors", "ALARM")
    assert (message["NewStateReason"], message["OldStateValue"]) == ("too many", "OK")
    (event,) = told.events
    assert (event["source"], event["detail"]["alarmName"]) == ("aws.cloudwatch", "errors")
    assert event["detail"]["state"]["value"] == "ALARM"
    assert not cloudwatch.describe_alarms()["MetricAlarms"][0]["ActionsEnabled"]


def test_it_says_when_it_was_measured(cloudwatch: Any) -> None:  # noqa: ANN401
    """The controller reads of the event, and of the alarm itself, the end of the period for which it fired."""
    told, begun = Told(cloudwatch), datetime.now(UTC).replace(second=0, microsecond=0)
    told.seen.evaluate()
    datum: Any = {"MetricName": "Errors", "Value": 9, "Timestamp": begun}
    cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=[datum])
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="too many")
    told.seen.evaluate()
    until = begun + timedelta(minutes=1)
    assert measured(told.events[-1]["detail"]["state"]["reasonData"]).until == until
    told.seen.evaluate()
    shown = json.loads(told.seen.shown(b'{"MetricAlarms": [{"AlarmName": "errors", "ActionsEnabled": false}]}'))
    assert measured(shown["MetricAlarms"][0]["StateReasonData"]).until == until


def test_an_alarms_state_is_that_of_the_last_evaluation(cloudwatch: Any) -> None:  # noqa: ANN401
    """DescribeAlarms shows no sooner than the events that it fires, and its actions as they were set."""
    told = Told(cloudwatch)
    told.seen.evaluate()
    now = {"AlarmName": "errors", "StateValue": "ALARM", "StateReason": "too many", "ActionsEnabled": False}
    body = json.dumps({"MetricAlarms": [now, {**now, "AlarmName": "new"}]}).encode()
    mine, new = json.loads(told.seen.shown(body))["MetricAlarms"]
    assert (mine["StateValue"], mine["StateReason"], mine["ActionsEnabled"]) == ("OK", "calm", True)
    assert (new["StateValue"], new["ActionsEnabled"]) == ("ALARM", False)
