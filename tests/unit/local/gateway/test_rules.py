"""Rules whose events go by way of a queue."""

import json
from typing import Any

import boto3
import pytest
from moto import mock_aws

from selfright.local.gateway.rules import QUEUE, lead, packed, unpacking

QUEUE_ARN = f"arn:aws:sqs:us-east-1:123456789012:{QUEUE}"
MACHINE = {"Id": "machine", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:f", "InputPath": "$.detail"}


@pytest.fixture
def events() -> Any:  # noqa: ANN401 - any client
    """EventBridge with a rule of S3's events, one of an application's, and a schedule."""
    with mock_aws():
        client = boto3.client("events", region_name="us-east-1")
        client.put_rule(Name="upload", EventPattern='{"source": ["aws.s3"], "detail-type": ["Object Created"]}')
        client.put_targets(Rule="upload", Targets=[MACHINE])
        client.put_rule(Name="own", EventPattern='{"source": ["shop"]}')
        client.put_rule(Name="clock", ScheduleExpression="rate(5 minutes)")
        yield client


def test_events_of_aws_are_led_to_the_queue(events: Any) -> None:  # noqa: ANN401
    """A copy of the rule fills the queue, and the rule hears of the packed event; others stay as they are."""
    assert lead(events, QUEUE_ARN) == ["upload"]
    rules = {rule["Name"]: rule for rule in events.list_rules()["Rules"]}
    (copy,) = set(rules) - {"upload", "own", "clock"}
    assert copy.startswith("selfright-weather-")
    assert '"aws.s3"' in rules[copy]["EventPattern"]
    assert [one["Arn"] for one in events.list_targets_by_rule(Rule=copy)["Targets"]] == [QUEUE_ARN]
    pattern = json.loads(rules["upload"]["EventPattern"])
    assert (pattern["source"], pattern["detail"]["event"]["source"]) == (["selfright.weather"], ["aws.s3"])
    (target,) = events.list_targets_by_rule(Rule="upload")["Targets"]
    assert target == {**MACHINE, "InputPath": "$.detail.event.detail"}
    assert rules["own"]["EventPattern"] == '{"source": ["shop"]}'


def test_a_target_unpacks_what_it_would_have_got() -> None:
    """The whole event, a part of it, parts in a template, or a constant."""
    assert unpacking({"Id": "a"})["InputPath"] == "$.detail.event"
    assert unpacking({"Id": "a", "Input": "{}"}) == {"Id": "a", "Input": "{}"}
    transformer = {"InputPathsMap": {"key": "$.detail.object.key"}, "InputTemplate": "<key>"}
    changed = unpacking({"Id": "a", "InputTransformer": transformer})["InputTransformer"]
    assert changed == {**transformer, "InputPathsMap": {"key": "$.detail.event.detail.object.key"}}


def test_an_event_is_packed_whole() -> None:
    """With its source, which EventBridge would not accept from others."""
    event = {"source": "aws.s3", "detail-type": "Object Created", "detail": {"a": 1}}
    entry = packed(event)
    assert (entry["Source"], entry["DetailType"]) == ("selfright.weather", "Object Created")
    assert '"source": "aws.s3"' in entry["Detail"]
