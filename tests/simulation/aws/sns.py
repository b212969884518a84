"""SNS in memory: it keeps what was published."""
# ruff: noqa: N803 - requests and answers are AWS's documents

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.simulation.aws.service import Refusal, Service, operation

LONGEST_SUBJECT, LONGEST_MESSAGE = 100, 256 * 1024


@dataclass(frozen=True)
class Sent:
    """One message."""

    topic: str
    subject: str
    message: str
    at: datetime


class Sns(Service):
    """Every topic exists."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.sent: list[Sent] = []

    @operation
    def publish(self, *, TopicArn: str, Message: str, Subject: str = "", **_: Any) -> dict[str, Any]:  # noqa: ANN401 - attributes
        """Keep the message."""
        if len(Subject) >= LONGEST_SUBJECT or not Subject.isascii() or (Subject and not Subject.isprintable()):
            raise Refusal("InvalidParameter", "Invalid parameter: Subject")
        if not Message or len(Message.encode()) > LONGEST_MESSAGE:
            raise Refusal("InvalidParameter", "Invalid parameter: Message")
        self.sent.append(Sent(TopicArn, Subject, Message, self._now()))
        return {"MessageId": f"message-{len(self.sent)}"}
