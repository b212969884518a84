"""The site's edge locations when there is weather: each has the routing function that it has learned, and a cache.

A visitor is served by the location of their address (`X-Forwarded-For`), always the same one. A request without that
header, such as a probe's, is served by a location by chance. So no probe sees every location.
"""

import random
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from selfright.local.edge.counts import EdgeCounts
from selfright.local.edge.events import BAD, Result, generated, request_event, seen
from selfright.local.edge.http import EdgeRequest, EdgeResponse, error
from selfright.local.edge.targets import Targets
from selfright.local.spreading import Places

REVISION_HEADER = "x-amz-meta-revision"
"""Object metadata that says which site revision a page belongs to, if its uploader wrote it."""
LOCATIONS = 4
MOST_OBJECTS = 1_000
"""The number of objects that a location keeps."""
HIT, MISS, ERROR = "Hit from cloudfront", "Miss from cloudfront", "Error from cloudfront"
METHODS = ("GET", "HEAD")


class Origin(Protocol):
    """The bucket behind a distribution, and how that is set up."""

    def code(self, targets: Targets) -> str:
        """The published code of the routing function."""

    def run(self, code: str, event: Result) -> Result:
        """What the code's handler returns: a request to go on with, or a response. `RuntimeError` when it fails."""

    def fetch(self, targets: Targets, uri: str) -> EdgeResponse:
        """The object, or S3's error."""

    def sees_answers(self, targets: Targets) -> bool:
        """Whether the routing function runs on viewer-response as well."""

    def lifetime(self, targets: Targets, answer: EdgeResponse) -> float:
        """Seconds for which a location keeps this answer."""

    def headers(self, targets: Targets) -> tuple[tuple[str, str], ...]:
        """What the distribution adds to every object."""


@dataclass
class _Kept:
    """An answer in a cache, and until when it is fresh."""

    answer: EdgeResponse
    until: float


class LateSite:
    """Answers requests to the site as several locations would, of which each learns late."""

    def __init__(
        self,
        origin: Origin,
        counts: EdgeCounts,
        late: Callable[[], float],
        dice: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`late()` seconds after a publication, a location runs it."""
        self._origin, self._counts, self._late = origin, counts, late
        self._dice, self._clock = dice, clock
        self._lock = threading.Lock()
        self._places: dict[Targets, Places[str]] = {}
        self._caches: list[dict[tuple[Targets, str], _Kept]] = [{} for _ in range(LOCATIONS)]

    def learn(self) -> None:
        """Look whether something has been published; if so, the locations will run it one after the other."""
        for targets, places in list(self._places.items()):
            places.tell(self._origin.code(targets))

    def answer(self, request: EdgeRequest, targets: Targets) -> EdgeResponse:
        """Run the location's routing function, then answer from the location's cache or from the bucket."""
        if request.method not in METHODS:
            return error(403, "This distribution is not configured to allow the HTTP request method.")
        location = self._location(request)
        code = self._known(targets).at(location)
        event = request_event(request.method, request.path, request.query, request.visitor, request.headers)
        try:
            result = self._origin.run(code, event)
            if "statusCode" in result:
                return generated(result)
            answer = self._object(location, targets, str(result.get("uri", request.path)))
            if self._origin.sees_answers(targets):
                answer = seen(partial(self._origin.run, code), event, answer)
        except RuntimeError as problem:
            return error(503, f"The function failed: {problem}")
        headers = dict(answer.headers)
        if headers.get("content-type", "").startswith("text/html"):
            self._counts.add("site", headers.get(REVISION_HEADER, "unknown"), answer.status)
        if answer.status == 200 and headers.get("etag") == request.headers.get("if-none-match", ""):  # noqa: PLR2004
            return EdgeResponse(304, b"", answer.headers)
        return answer

    def _location(self, request: EdgeRequest) -> int:
        if "x-forwarded-for" in request.headers:
            return zlib.crc32(request.visitor.encode()) % LOCATIONS
        return int(self._dice() * LOCATIONS)

    def _known(self, targets: Targets) -> Places[str]:
        with self._lock:
            if targets not in self._places:
                self._places[targets] = Places(LOCATIONS, self._late, self._origin.code(targets), self._clock)
            return self._places[targets]

    def _object(self, location: int, targets: Targets, uri: str) -> EdgeResponse:
        cache, now = self._caches[location], self._clock()
        kept = cache.get((targets, uri))
        if kept and now < kept.until:
            return _with(kept.answer, ("x-cache", HIT if kept.answer.status < BAD else ERROR))
        fetched = self._origin.fetch(targets, uri)
        answer = _with(fetched, *self._origin.headers(targets))
        with self._lock:
            if len(cache) >= MOST_OBJECTS:
                cache.clear()
            cache[targets, uri] = _Kept(answer, now + self._origin.lifetime(targets, fetched))
        return _with(answer, ("x-cache", MISS if answer.status < BAD else ERROR))


class Site:
    """Answers when there is no weather: what is published runs at once, and nothing is kept."""

    def __init__(self, origin: Origin, counts: EdgeCounts) -> None:
        self._locations = LateSite(origin, counts, lambda: 0.0)

    def learn(self) -> None:
        """Look whether something has been published."""
        self._locations.learn()

    def answer(self, request: EdgeRequest, targets: Targets) -> EdgeResponse:
        """The response for a request, after a look whether something has been published."""
        self.learn()
        return self._locations.answer(request, targets)


def _with(answer: EdgeResponse, *more: tuple[str, str]) -> EdgeResponse:
    return EdgeResponse(answer.status, answer.body, (*answer.headers, *more))
