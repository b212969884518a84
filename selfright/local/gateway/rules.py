"""Leads events of AWS itself by way of a queue, from which they can be delivered late.

The emulator delivers an event the moment in which it happens. So a copy of each rule of such events fills a queue, and
the rule itself hears, instead of the event, a message in which the event is packed whole; its targets unpack it.
"""

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import boto3

from selfright.local_state import CREDENTIALS, REGION

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import TargetTypeDef

SOURCE = "selfright.weather"
"""The source of the messages in which events are packed; EventBridge accepts no `aws.…` from others."""
QUEUE = "selfright-weather"
COPY = "selfright-weather-{:08x}"
PACKED = "$.detail.event"
OF_AWS = "aws."


def lead_events(endpoint: str) -> list[str]:
    """Lead the events of all rules of this local AWS to the gateway's queue; returns the names of the rules."""
    keys: Any = {"aws_access_key_id": CREDENTIALS["AWS_ACCESS_KEY_ID"], "region_name": REGION, "endpoint_url": endpoint}
    keys["aws_secret_access_key"] = CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
    events, sqs = boto3.client("events", **keys), boto3.client("sqs", **keys)
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return lead(events, queue)


def lead(events: "EventBridgeClient", queue: str) -> list[str]:
    """Lead the events of all rules that listen to AWS to the queue of this ARN; returns the names of the rules."""
    led = []
    for rule in list(_rules(events)):
        pattern = json.loads(rule.get("EventPattern", "{}"))
        if not any(source.startswith(OF_AWS) for source in pattern.get("source", ())):
            continue
        name = rule["Name"]
        copy = COPY.format(zlib.crc32(name.encode()))
        events.put_rule(Name=copy, EventPattern=rule["EventPattern"], State="ENABLED")
        events.put_targets(Rule=copy, Targets=[{"Id": "queue", "Arn": queue}])
        packed = {"source": [SOURCE], "detail": {"event": pattern}}
        events.put_rule(Name=name, EventPattern=json.dumps(packed), State=rule["State"])
        targets = events.list_targets_by_rule(Rule=name)["Targets"]
        events.put_targets(Rule=name, Targets=[unpacking(target) for target in targets])
        led.append(name)
    return led


def unpacking(target: Mapping[str, Any]) -> "TargetTypeDef":
    """A target that gets from a packed event what it got from the event."""
    changed: dict[str, Any] = dict(target)
    if "Input" in target:
        return changed  # type: ignore[return-value]
    if transformer := target.get("InputTransformer"):
        paths = {name: _inside(path) for name, path in transformer.get("InputPathsMap", {}).items()}
        changed["InputTransformer"] = {**transformer, "InputPathsMap": paths}
    else:
        changed["InputPath"] = _inside(target.get("InputPath", "$"))
    return changed  # type: ignore[return-value]


def packed(event: Mapping[str, Any]) -> dict[str, str]:
    """The entry of PutEvents in which this event is packed."""
    return {"Source": SOURCE, "DetailType": event["detail-type"], "Detail": json.dumps({"event": event})}


def _inside(path: str) -> str:
    return PACKED + path.removeprefix("$")


def _rules(events: "EventBridgeClient") -> Iterator[Mapping[str, Any]]:
    for page in events.get_paginator("list_rules").paginate():
        yield from page["Rules"]
