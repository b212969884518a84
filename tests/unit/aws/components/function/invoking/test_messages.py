"""The events of queues, topics, buses, schedules, buckets and streams."""

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from controller.aws.components.function.invoking.messages import message_of
from controller.domain.checks.event_check import EventCheck
from controller.domain.checks.verification import read_check
from controller.domain.deployment import Revision
from controller.errors import AwsError
from tests.unit.aws.conftest import World


def sent(source: str, payload: object) -> Any:  # noqa: ANN401 - JSON
    """The event of this source."""
    check = EventCheck.model_validate({"component": "api", "kind": "event", "source": source, "payload": payload})
    return json.loads(message_of(check))


def test_records_have_the_payload_where_the_service_puts_it() -> None:
    """A message as text, an object's key, a record's image, data in base64."""
    assert json.loads(sent("sqs", {"id": 1})["Records"][0]["body"]) == {"id": 1}
    assert sent("sns", "hello")["Records"][0]["Sns"]["Message"] == "hello"
    stored = sent("s3", {"bucket": "b", "key": "k", "size": 3})["Records"][0]
    assert (stored["s3"]["bucket"]["name"], stored["s3"]["object"]["key"]) == ("b", "k")
    changed = sent("dynamodb", {"eventName": "REMOVE", "OldImage": {"id": {"S": "1"}}})["Records"][0]
    assert (changed["eventName"], changed["dynamodb"]["OldImage"]) == ("REMOVE", {"id": {"S": "1"}})
    assert base64.b64decode(sent("kinesis", "x")["Records"][0]["kinesis"]["data"]) == b"x"


def test_a_bus_takes_a_detail_or_more() -> None:
    """Members of the event can be replaced; a schedule has an empty detail; a direct event is as it is written."""
    assert sent("eventbridge", {"id": 1})["detail"] == {"id": 1}
    assert sent("eventbridge", {"source": "shop", "detail": {}})["source"] == "shop"
    assert (sent("schedule", None)["detail-type"], sent("schedule", None)["detail"]) == ("Scheduled Event", {})
    assert sent("direct", {"job": "x"}) == {"job": "x"}


CHECK = '{"component":"api","kind":"event","source":"sqs","payload":{"id":1}'
MESSAGE = "no order A1 for password=hunter2hunter2\nat line 1"
FAILED = {"Payload": {"errorType": "KeyError", "errorMessage": MESSAGE}, "FunctionError": "Unhandled"}


@pytest.mark.parametrize(
    ("answer", "extra", "detail"),
    [
        ({"Payload": None}, "", "it was taken"),
        ({"Payload": {"batchItemFailures": []}}, "", "it was taken"),
        ({"Payload": {"batchItemFailures": [{"itemIdentifier": "1"}]}}, "", "the function returned 1 record as failed"),
        ({"Payload": {"batchItemFailures": [{}, {}]}}, "", "the function returned 2 records as failed"),
        (FAILED, "", "the function failed with KeyError: no order A1 for password=[redacted]"),
        ({"Payload": {"done": 2}}, ',"json":{"done":1}', "done is 2, expected 1"),
    ],
)
def test_a_worker_is_tested_before_traffic(world: World, answer: dict[str, Any], extra: str, detail: str) -> None:
    """The staged version gets the event itself; what its sender would send again fails the check."""
    world.functions.answers = {"smartpack-prod-api:7": answer}
    [result] = world.function().check(Revision("7"), [read_check(f"{CHECK}{extra}}}")])
    assert (result.check, result.detail) == ("event of sqs for api", detail)
    assert result.passed is (detail == "it was taken")
    [(_, event)] = world.functions.invoked
    assert event["Records"][0]["eventSource"] == "aws:sqs"


def test_an_event_that_is_not_done_in_time_is_no_evidence_and_is_sent_once(world: World) -> None:
    """A worker may take minutes: the release goes back, and its version is not spent."""

    def too_slow() -> None:
        raise ReadTimeoutError(endpoint_url="https://lambda")

    world.functions.before["invoke"] = too_slow
    with pytest.raises(AwsError, match="has not ended within 35 seconds") as caught:
        world.function().check(Revision("7"), [read_check(f"{CHECK}}}")])
    assert not caught.value.transient
