"""Late events."""

import json
from collections.abc import Callable

from selfright.local.gateway.courier import Courier, EventQueue


def delivered(*events: tuple[str, float, float]) -> list[str]:
    """What arrives in which order: each event with its own lateness, and that of its repetition after that."""
    heap: list[tuple[float, Callable[[], object]]] = []
    first, again, arrived = iter([one[1] for one in events]), iter([one[2] for one in events]), list[str]()
    courier = Courier(lambda: next(first), lambda: next(again), lambda seconds, do: heap.append((seconds, do)))
    for name, _, _ in events:
        courier.take(lambda name=name: arrived.append(name))  # type: ignore[misc]
    for _, do in sorted(heap, key=lambda one: one[0]):
        do()
    return arrived


def test_events_arrive_late_and_in_another_order() -> None:
    """The later one can be earlier."""
    assert delivered(("first", 10, 0), ("second", 1, 0)) == ["second", "first"]


def test_some_events_arrive_twice() -> None:
    """The second time after the first."""
    assert delivered(("twice", 1, 5), ("once", 3, 0)) == ["twice", "once", "twice"]


class Aws:
    """A queue with one event, and a bus."""

    def __init__(self) -> None:
        self.messages = [{"ReceiptHandle": "r", "Body": json.dumps({"source": "aws.s3", "detail-type": "t"})}]
        self.deleted: list[str] = []
        self.put: list[dict[str, str]] = []

    def receive_message(self, **_: object) -> dict[str, object]:
        """What is in the queue."""
        return {"Messages": self.messages}

    def delete_message(self, **given: str) -> None:
        """Note it."""
        self.deleted.append(given["ReceiptHandle"])

    def put_events(self, **given: list[dict[str, str]]) -> None:
        """Note it."""
        self.put += given["Entries"]


def test_an_event_in_the_queue_is_taken_and_delivered_later() -> None:
    """It leaves the queue at once, and reaches the bus when its time has come."""
    aws, later = Aws(), list[Callable[[], object]]()
    courier = Courier(lambda: 1, lambda: 0, lambda _, do: later.append(do))
    assert EventQueue("url", aws, aws, courier).empty() == 1  # type: ignore[arg-type]
    assert (aws.deleted, aws.put) == (["r"], [])
    for do in later:
        do()
    assert [entry["DetailType"] for entry in aws.put] == ["t"]
