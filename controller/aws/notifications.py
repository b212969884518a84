"""Tells people how a deployment ended, through an SNS topic."""

import json
from typing import TYPE_CHECKING

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.domain.deployment import Deployment
from controller.errors import AwsError, UnsendableError
from controller.ports.signals import Notifications

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

SUBJECT_LENGTH = 99
REFUSED = frozenset({"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "ValidationException"})
"""The codes with which SNS refuses a message itself, for good."""


class SnsNotifications(Notifications):
    """Implements `ports.Notifications`."""

    def __init__(self, topic_arn: str, sns: "SNSClient | None" = None) -> None:
        """Publish to this topic; `sns` is the client to use (default: the process's own)."""
        self._topic = topic_arn
        self._sns = sns or client("sns")

    def send(self, deployment: Deployment) -> None:
        """Publish one notification, short enough for a subject line and complete as JSON."""
        title = f"{deployment.environment_key} {deployment.version or deployment.upload.key}: {deployment.phase}"
        body = {
            "deployment_id": deployment.deployment_id,
            "environment": deployment.environment_key,
            "version": deployment.version,
            "phase": str(deployment.phase),
            "reason": deployment.reason,
            "next_step": deployment.next_step,
        }
        try:
            with calling("sns:Publish", self._topic):
                self._sns.publish(TopicArn=self._topic, Subject=_subject(title), Message=json.dumps(body, indent=2))
        except AwsError as error:
            if error.code in REFUSED:
                raise UnsendableError(str(error)) from error
            raise


def _subject(title: str) -> str:
    """The title in printable ASCII: SNS takes nothing else, and an upload key may hold anything."""
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in title)[:SUBJECT_LENGTH]
