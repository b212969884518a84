"""Delivers events late, in no order, and some of them twice."""

import json
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from selfright.local.gateway.rules import packed

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

log = logging.getLogger("weather")
WAIT_SECONDS = 1
"""How long the queue is asked at once."""

After = Callable[[float, Callable[[], object]], object]
"""Does something after so many seconds."""


def after(seconds: float, do: Callable[[], object]) -> None:
    """Do something later, in a thread that keeps no process alive."""
    timer = threading.Timer(seconds, do)
    timer.daemon = True
    timer.start()


class Courier:
    """Each event arrives after a time of its own; some arrive a second time after the first."""

    def __init__(self, delivered: Callable[[], float], repeated: Callable[[], float], later: After = after) -> None:
        """An event arrives after `delivered()` seconds, again `repeated()` after that; 0 means: not again."""
        self._delivered, self._repeated, self._later = delivered, repeated, later

    def take(self, send: Callable[[], object]) -> None:
        """Let this be sent as late, and as often, as events are."""
        first, again = self._delivered(), self._repeated()
        self._later(first, lambda: _patient(send))
        if again:
            self._later(first + again, lambda: _patient(send))


class EventQueue:
    """The queue into which the rules' copies put AWS's own events."""

    def __init__(self, url: str, sqs: "SQSClient", events: "EventBridgeClient", courier: Courier) -> None:
        self._url, self._sqs, self._events, self._courier = url, sqs, events, courier

    def empty(self) -> int:
        """Give what is in the queue to the courier; returns how many events there were."""
        found = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=WAIT_SECONDS)
        messages = found.get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
            self.send(json.loads(message["Body"]))
        return len(messages)

    def send(self, event: dict[str, object]) -> None:
        """Let the rules hear of this event, late."""
        entry = packed(event)
        self._courier.take(lambda: self._events.put_events(Entries=[entry]))  # type: ignore[list-item]


def _patient(send: Callable[[], object]) -> None:
    """What cannot be delivered is lost, and that is logged; the emulator is then about to end."""
    try:
        send()
    except (ClientError, BotoCoreError) as problem:
        log.warning("an event is lost: %s", problem)
