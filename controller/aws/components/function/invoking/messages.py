"""The events that other services send to a function: of queues, topics, buses, schedules, buckets and streams."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from controller.domain.checks.event_check import EventCheck

_REGION, _ACCOUNT, _ID = "us-east-1", "000000000000", "00000000-0000-0000-0000-000000000000"
_TIME = "1970-01-01T00:00:00Z"
Payload = dict[str, Any] | str | None


def message_of(check: EventCheck) -> bytes:
    """The event of a check, as JSON."""
    return json.dumps(_MAKERS[check.source](check.payload)).encode()


def _text(payload: Payload) -> str:
    return payload if isinstance(payload, str) else json.dumps({} if payload is None else payload)


def _object(payload: Payload) -> dict[str, Any]:
    return payload if isinstance(payload, dict) else {} if payload is None else {"value": payload}


def _arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:{_REGION}:{_ACCOUNT}:{name}"


def _sqs(payload: Payload) -> Any:  # noqa: ANN401 - JSON
    body = _text(payload)
    counts = {"ApproximateReceiveCount": "1", "SentTimestamp": "0", "ApproximateFirstReceiveTimestamp": "0"}
    record = {
        "messageId": _ID,
        "receiptHandle": "selfright",
        "body": body,
        "attributes": {**counts, "SenderId": _ACCOUNT},
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": _arn("sqs", "selfright"),
        "awsRegion": _REGION,
    }
    return {"Records": [record]}


def _sns(payload: Payload) -> Any:  # noqa: ANN401 - JSON
    topic = _arn("sns", "selfright")
    told = {"Type": "Notification", "MessageId": _ID, "TopicArn": topic, "Subject": None, "Message": _text(payload)}
    sns: dict[str, Any] = {**told, "Timestamp": _TIME, "SignatureVersion": "1", "MessageAttributes": {}}
    record = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": f"{topic}:{_ID}", "Sns": sns}
    return {"Records": [record]}


def _bus(source: str, kind: str) -> Callable[[Payload], Any]:
    def event(payload: Payload) -> Any:  # noqa: ANN401 - JSON
        """With `detail` in it, the payload replaces members of the event; else it is the detail."""
        given = _object(payload)
        own = given if "detail" in given else {"detail": given}
        common = {"version": "0", "id": _ID, "account": _ACCOUNT, "time": _TIME, "region": _REGION, "resources": []}
        return {**common, "source": source, "detail-type": kind, **own}

    return event


def _s3(payload: Payload) -> Any:  # noqa: ANN401 - JSON
    """`bucket` and `key`, and what else S3 says of an object."""
    given = {"bucket": "selfright", "key": "selfright", "size": 0, "event": "ObjectCreated:Put", **_object(payload)}
    bucket = {"name": given.pop("bucket")}
    what = {"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": _REGION, "eventTime": _TIME}
    name = given.pop("event")
    stored = {"eTag": "0", "sequencer": "0", **given}
    return {
        "Records": [
            {
                **what,
                "eventName": name,
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "selfright",
                    "bucket": {**bucket, "arn": f"arn:aws:s3:::{bucket['name']}"},
                    "object": stored,
                },
            }
        ]
    }


def _dynamodb(payload: Payload) -> Any:  # noqa: ANN401 - JSON
    """`Keys`, `NewImage`, `OldImage` as DynamoDB writes them, and `eventName` (INSERT)."""
    given = {"eventName": "INSERT", **_object(payload)}
    name = given.pop("eventName")
    change = {"SequenceNumber": "1", "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES", **given}
    about = {"eventID": "1", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "awsRegion": _REGION}
    stream = _arn("dynamodb", f"table/selfright/stream/{_TIME}")
    return {"Records": [{**about, "eventName": name, "dynamodb": change, "eventSourceARN": stream}]}


def _kinesis(payload: Payload) -> Any:  # noqa: ANN401 - JSON
    data = base64.b64encode(_text(payload).encode()).decode()
    kinesis = {"kinesisSchemaVersion": "1.0", "partitionKey": "1", "sequenceNumber": "1", "data": data}
    about = {"eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": "1", "eventName": "aws:kinesis:record"}
    record = {
        **about,
        "kinesis": {**kinesis, "approximateArrivalTimestamp": 0.0},
        "awsRegion": _REGION,
        "eventSourceARN": _arn("kinesis", "stream/selfright"),
    }
    return {"Records": [record]}


_MAKERS: Mapping[str, Callable[[Payload], Any]] = {
    "direct": lambda payload: payload,
    "dynamodb": _dynamodb,
    "eventbridge": _bus("selfright", "Selfright check"),
    "kinesis": _kinesis,
    "s3": _s3,
    "schedule": _bus("aws.events", "Scheduled Event"),
    "sns": _sns,
    "sqs": _sqs,
}
