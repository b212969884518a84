"""Time that passes only while all threads wait: many threads run one after the other, always in the same order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from heapq import heappop, heappush
from itertools import count
from threading import Event, Lock, Thread
from typing import Any, Self

POLL = 0.05
"""Seconds between two polls of a thread that waits for others."""


class VirtualTime:
    """A clock and its `sleep`. Only one of its threads is awake at a time: the one that is due next."""

    def __init__(self) -> None:
        self._now, self._order, self._lock = 1_000_000.0, count(), Lock()
        self._asleep: list[tuple[float, int, Event]] = []

    def now(self) -> float:
        """The virtual time in seconds."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let other threads run until this one is due again."""
        due = self._enlist(seconds)
        self._wake_next()
        due.wait()

    def spawn(self, work: Callable[[], object]) -> Thread:
        """A thread that begins when it is due."""
        due = self._enlist(0)

        def run() -> None:
            due.wait()
            try:
                work()
            finally:
                self._wake_next()

        thread = Thread(target=run, daemon=True)
        thread.start()
        return thread

    def run(self, *work: Callable[[], object]) -> None:
        """Run these at the same time, until all have ended."""
        threads = [self.spawn(one) for one in work]
        self._wake_next()
        for thread in threads:
            thread.join()

    def _enlist(self, seconds: float) -> Event:
        with self._lock:
            event = Event()
            heappush(self._asleep, (self._now + seconds, next(self._order), event))
            return event

    def _wake_next(self) -> None:
        with self._lock:
            if self._asleep:
                self._now, _, event = heappop(self._asleep)
                event.set()


class VirtualPool:
    """A `ThreadPoolExecutor` whose threads live in virtual time."""

    def __init__(self, time: VirtualTime, max_workers: int) -> None:
        self._time, self._workers, self._running = time, max_workers, 0
        self._queue: deque[tuple[Future[Any], Callable[[], Any]]] = deque()

    def submit(self, work: Callable[..., Any], *args: Any) -> Future[Any]:  # noqa: ANN401 - any work
        """Queue the work."""
        future: Future[Any] = Future()
        self._queue.append((future, lambda: work(*args)))
        if self._running < self._workers:
            self._running += 1
            self._time.spawn(self._work)
        return future

    def map(self, work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """Do the work for every item; returns the results in order."""
        futures = [self.submit(work, item) for item in items]
        while not all(future.done() for future in futures):
            self._time.sleep(POLL)
        return iter([future.result() for future in futures])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._running:
            self._time.sleep(POLL)

    def _work(self) -> None:
        while self._queue:
            future, work = self._queue.popleft()
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - as a pool does
                future.set_exception(error)
        self._running -= 1
