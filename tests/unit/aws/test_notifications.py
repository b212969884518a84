"""One notification for people: short enough for a subject line, and complete as JSON."""

import json
from typing import Any

import pytest
from botocore.stub import ANY, Stubber
from moto import mock_aws

from controller.aws.notifications import SnsNotifications
from controller.domain.deployment import Deployment, Upload
from controller.domain.phases import Phase
from controller.errors import AwsError, UnsendableError
from tests.fakes import START
from tests.unit.aws.ledger_table import a_deployment, client

TOPIC = "arn:aws:sns:eu-central-1:123456789012:notifications"


def sent(deployment: Deployment) -> dict[str, Any]:
    """The request to SNS."""
    seen: list[dict[str, Any]] = []

    class Sns:
        def publish(self, **request: Any) -> None:  # noqa: ANN401
            seen.append(request)

    SnsNotifications(TOPIC, Sns()).send(deployment)  # type: ignore[arg-type]
    return seen[0]


def test_a_notification_says_how_it_ended() -> None:
    """It has environment, version, phase, reason and next step."""
    deployment = a_deployment(phase=Phase.ROLLED_BACK, version="1.2.0", reason="Alarm.", next_step="Correct it.")
    notification = sent(deployment)
    assert notification["Subject"] == "smartpack/prod 1.2.0: ROLLED_BACK"
    assert json.loads(notification["Message"]) == {
        "deployment_id": "d1",
        "environment": "smartpack/prod",
        "version": "1.2.0",
        "phase": "ROLLED_BACK",
        "reason": "Alarm.",
        "next_step": "Correct it.",
    }


@pytest.mark.parametrize("key", ["incoming/ü🎒\n\t.zip", "incoming/" + "x" * 1000 + ".zip", "incoming/\x00.zip"])
def test_a_subject_is_acceptable_to_sns(key: str) -> None:
    """It is printable ASCII with less than a hundred characters, for any upload key."""
    upload = Upload("bucket", key, "", 1, START)
    subject = sent(a_deployment(phase=Phase.REJECTED, upload=upload))["Subject"]
    assert subject.isascii()
    assert subject.isprintable()
    assert len(subject) < 100


def test_sns_accepts_the_request() -> None:
    """The real client accepts it, too."""
    with mock_aws(), Stubber(client("sns")) as stubber:
        stubber.add_response("publish", {"MessageId": "1"}, {"TopicArn": TOPIC, "Subject": ANY, "Message": ANY})
        SnsNotifications(TOPIC, client("sns")).send(a_deployment(phase=Phase.SUCCEEDED))


def test_a_notification_of_any_release_is_accepted() -> None:
    """SNS takes 256 KB, however long a reason was."""
    huge = "\x1bü" * 200_000
    message = sent(a_deployment(phase=Phase.REJECTED, reason=huge, next_step=huge))["Message"]
    assert len(message.encode()) < 256 * 1024


@pytest.mark.parametrize(("code", "raised"), [("InvalidParameter", UnsendableError), ("AuthorizationError", AwsError)])
def test_what_is_refused_for_good_is_told_from_what_can_be_sent_later(code: str, raised: type[Exception]) -> None:
    """A message that SNS does not take is never taken; a policy can be corrected."""
    with mock_aws(), Stubber(client("sns")) as stubber:
        stubber.add_client_error("publish", code, http_status_code=400)
        with pytest.raises(raised):
            SnsNotifications(TOPIC, client("sns")).send(a_deployment(phase=Phase.SUCCEEDED))
