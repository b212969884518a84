"""CloudFront's edge locations: each runs the routing function that it has learned of, and has a cache of its own."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from controller.domain.checks.check import Answer
from controller.domain.components.site.routing import PUBLICATION_PATH, RoutingTable, object_key, parse
from controller.domain.strategy import ALL
from selfright.weather import Weather
from tests.simulation.aws.cloudfront import CloudFront
from tests.simulation.aws.s3 import S3
from tests.simulation.weather.arrivals import Arrivals, Change

EDGES = 5
KEPT_BY_DEFAULT = 86_400
"""Seconds for which CloudFront keeps an object that says nothing."""
_AGE = re.compile(r"max-age=(\d+)")
_NOT_KEPT = re.compile(r"no-cache|no-store")


@dataclass(frozen=True)
class Kept:
    """An answer in a cache, and until when it may be given."""

    answer: Answer
    until: float


class Edges:
    """All edge locations of the one distribution. Moments are seconds of the run."""

    def __init__(  # noqa: PLR0913 - whose function, over which bucket
        self,
        now: Callable[[], float],
        weather: Weather,
        routing: CloudFront,
        objects: S3,
        *,
        function: str,
        bucket: str,
    ) -> None:
        """What is published now is known everywhere, and the distribution is deployed."""
        self._now, self._weather, self._routing, self._objects = now, weather, routing, objects
        self._function, self._bucket = function, bucket
        self.arrivals = Arrivals([Change(now(), (0.0,) * EDGES)])
        self._tables = [self._published()]
        self._caches: list[dict[str, Kept]] = [{} for _ in range(EDGES)]
        routing.status = self._status
        routing.on_publish = self._on_publish

    def get(self, edge: int, path: str, visitor: int) -> Answer:
        """What a visitor of an edge gets; `visitor` (0 to 9999) is where the routing function sorts the visitor."""
        table = self._table(edge)
        if path == PUBLICATION_PATH:
            return Answer(200, json.dumps({"publication": table.publication}).encode())
        revision = table.canary if table.canary and visitor < table.weight * ALL else table.stable
        if not revision:
            return Answer(503, b"Nothing has been released here yet.")
        key = object_key(path, revision, table)
        return Answer(400) if key is None else self._from_cache(self._caches[edge], key)

    def any_get(self, chance: Random, path: str) -> Answer:
        """What somebody gets who meets any edge."""
        return self.get(chance.randrange(EDGES), path, chance.randrange(ALL * ALL))

    def _table(self, edge: int) -> RoutingTable:
        return self._tables[self.arrivals.newest_at(edge, self._now())]

    def _published(self) -> RoutingTable:
        return parse(self._routing.code(self._function))

    def _on_publish(self, function: str) -> None:
        if function != self._function:
            return
        now = self._now()
        learned = [now + self._weather.late("edge_learns") for _ in range(EDGES)]
        self._tables.append(self._published())
        self.arrivals.changes.append(Change(now, learned, now + self._weather.late("distribution_deployed")))

    def _status(self, _distribution: str) -> str:
        now = self._now()
        return "InProgress" if any(one.said > now for one in self.arrivals.changes) else "Deployed"

    def _from_cache(self, cache: dict[str, Kept], key: str) -> Answer:
        now = self._now()
        if (kept := cache.get(key)) and kept.until > now:
            return kept.answer
        data = self._objects.data(self._bucket, key)
        if data is None:
            missing = Answer(403, b"AccessDenied")  # So says S3 to whom may not list the bucket.
            cache[key] = Kept(missing, now + self._weather.late("error_cached"))
            return missing
        found = Answer(200, data, {"content-type": "text/html"})
        cache[key] = Kept(found, now + kept_for(self._objects.cache_control(self._bucket, key)))
        return found


def kept_for(cache_control: str) -> int:
    """For how many seconds an edge keeps an object that says this of itself."""
    if _NOT_KEPT.search(cache_control):
        return 0
    age = _AGE.search(cache_control)
    return int(age[1]) if age else KEPT_BY_DEFAULT
