"""The metrics of Lambda as CloudWatch has them: by the minute, dated by its beginning, visible later, then growing."""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from selfright.local.edge.metrics import NAMESPACE, Datum, Invocation, data

AT_FIRST = 0.8
"""The share of a minute's invocations that its sums have when they become visible."""


@dataclass(frozen=True)
class _Batch:
    """Some invocations of one minute, and when they become visible."""

    due: float
    minute: float
    invocations: tuple[Invocation, ...]


class LateMetrics:
    """Collects invocations, and publishes those of a minute when it is visible, and the rest when it is complete."""

    def __init__(
        self,
        put: Callable[[str, Sequence[Datum]], object],
        minute: int,
        late: Callable[[str], float],
        dice: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`minute` is the length of one in seconds; `late` says how much later than its end something happens."""
        self._put, self._minute, self._late, self._dice, self._clock = put, minute, late, dice, clock
        self._lock = threading.Lock()
        self._open: defaultdict[float, list[Invocation]] = defaultdict(list)
        self._waiting: list[_Batch] = []

    def add(self, invocation: Invocation) -> None:
        """Record an invocation that has just ended; it counts for the minute in which it began."""
        began = self._clock() - invocation.milliseconds / 1000
        with self._lock:
            self._open[began // self._minute * self._minute].append(invocation)

    def flush(self) -> None:
        """Publish what is due."""
        now = self._clock()
        with self._lock:
            for minute in [one for one in self._open if one + self._minute <= now]:
                self._waiting += self._batches(minute, self._open.pop(minute))
            due = [batch for batch in self._waiting if batch.due <= now]
            self._waiting = [batch for batch in self._waiting if batch.due > now]
        for batch in due:
            at = datetime.fromtimestamp(batch.minute, UTC)
            self._put(NAMESPACE, [{**datum, "Timestamp": at} for datum in data(batch.invocations)])

    def _batches(self, minute: float, invocations: Sequence[Invocation]) -> list[_Batch]:
        """What is visible first, and what comes when the minute is complete."""
        end = minute + self._minute
        visible = end + self._late("metric_visible")
        complete = max(visible, end + self._late("metric_complete"))
        early: list[Invocation] = []
        rest: list[Invocation] = []
        for one in invocations:
            (early if self._dice() < AT_FIRST else rest).append(one)
        parts = ((visible, early), (complete, rest))
        return [_Batch(due, minute, tuple(members)) for due, members in parts if members]
