"""Simulated visitors: each loads the page and asks for a packing list, at a given rate.

The same seed gives the same visitors, with the same trips, in the same order.
"""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import urllib3

from selfright.local.edge.api import VERSION_HEADER
from selfright.local.edge.locations import REVISION_HEADER

Trips = Callable[[random.Random], object]
"""Makes the JSON body of a visitor's `POST /generate`, from a seeded source of chance."""

NO_ANSWER = "no answer"
"""Stands for the version when a request was not answered in time."""
AGENT = "Mozilla/5.0 (SelfrightVisitor/{number})"
FAILED = 400
"""Visitors request only existing paths, so a 403 or 404 is as bad for them as a 500."""

WORKERS = 4


@dataclass(frozen=True)
class Visitor:
    """One person with one browser."""

    number: int
    address: str
    agent: str
    trip: bytes


@dataclass(frozen=True)
class VisitorLoad:
    """The number of visitors and their rate."""

    rate: float = 10.0
    """Visits a second; a visit is a page and a packing list."""
    visitors: int = 200
    """The number of different visitors; they visit repeatedly."""
    seed: int = 1


@dataclass(frozen=True)
class Outcome:
    """The answers to visitors so far: version or site revision → number of answers."""

    api_ok: Counter[str] = field(default_factory=Counter)
    api_failed: Counter[str] = field(default_factory=Counter)
    site_ok: Counter[str] = field(default_factory=Counter)
    site_failed: Counter[str] = field(default_factory=Counter)

    @property
    def ok(self) -> int:
        """Good answers."""
        return self.api_ok.total() + self.site_ok.total()

    @property
    def failed(self) -> int:
        """Answers with a status of 400 or more, and requests without an answer."""
        return self.api_failed.total() + self.site_failed.total()


def from_list(bodies: Sequence[object]) -> Trips:
    """Trips chosen from a list of JSON bodies."""
    return lambda chance: chance.choice(bodies)


def crowd(traffic: VisitorLoad, trips: Trips) -> list[Visitor]:
    """The visitors, each with a separate address, browser and trip."""
    chance = random.Random(traffic.seed)  # noqa: S311 — repeatable on purpose
    return [
        Visitor(
            number,
            f"198.51.{number // 254 % 256}.{number % 254 + 1}",
            AGENT.format(number=number),
            json.dumps(trips(chance)).encode(),
        )
        for number in range(traffic.visitors)
    ]


class VisitorStream:
    """Sends visitors to an address until it is stopped; stopping takes no longer than the requests under way."""

    def __init__(self, url: str, trips: Trips, traffic: VisitorLoad | None = None) -> None:
        self._traffic = traffic or VisitorLoad()
        self._crowd = crowd(self._traffic, trips)
        self._chance = random.Random(self._traffic.seed + 1)  # noqa: S311 — repeatable on purpose
        timeout = urllib3.Timeout(connect=2, read=10)
        self._pool = urllib3.connection_from_url(url, maxsize=WORKERS, retries=False, timeout=timeout)
        self._lock, self._stopped = threading.Lock(), threading.Event()
        self._outcome, self._next = Outcome(), 0.0
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(WORKERS)]

    def start(self) -> None:
        """Start sending visitors."""
        self._next = time.monotonic()
        for thread in self._threads:
            thread.start()

    def stop(self) -> Outcome:
        """Stop sending visitors; returns the outcome."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        self._pool.close()
        return self.outcome()

    def outcome(self) -> Outcome:
        """A copy of the outcome so far."""
        with self._lock:
            seen = self._outcome
            return Outcome(seen.api_ok.copy(), seen.api_failed.copy(), seen.site_ok.copy(), seen.site_failed.copy())

    def _work(self) -> None:
        while True:
            due, visitor = self._take()
            if self._stopped.wait(max(0.0, due - time.monotonic())):
                return
            self._visit(visitor)

    def _take(self) -> tuple[float, Visitor]:
        """The next visitor and their time; visits that a slow answer delayed are skipped."""
        with self._lock:
            due = max(self._next, time.monotonic())
            self._next = due + 1 / self._traffic.rate
            return due, self._chance.choice(self._crowd)

    def _visit(self, visitor: Visitor) -> None:
        headers = {"user-agent": visitor.agent, "x-forwarded-for": visitor.address}
        page, revision = self._ask("GET", "/", headers, REVISION_HEADER)
        answer, version = self._ask(
            "POST", "/generate", {**headers, "content-type": "application/json"}, VERSION_HEADER, visitor.trip
        )
        with self._lock:
            (self._outcome.site_ok if page else self._outcome.site_failed)[revision] += 1
            (self._outcome.api_ok if answer else self._outcome.api_failed)[version] += 1

    def _ask(
        self, method: str, path: str, headers: dict[str, str], name: str, body: bytes | None = None
    ) -> tuple[bool, str]:
        """Whether the answer was good, and the version or revision that gave it."""
        try:
            reply = self._pool.request(method, path, headers=headers, body=body)
        except urllib3.exceptions.HTTPError:
            return False, NO_ANSWER
        return reply.status < FAILED, reply.headers.get(name, "unknown")


@contextmanager
def visiting(url: str, trips: Trips, traffic: VisitorLoad | None = None) -> Iterator[VisitorStream]:
    """A stream of visitors for the time of a `with` block."""
    stream = VisitorStream(url, trips, traffic)
    stream.start()
    try:
        yield stream
    finally:
        stream.stop()
