"""Visitors who come all the time, and what they suffer from the way in which releases are made."""

from collections import Counter
from collections.abc import Callable
from heapq import heappop, heappush
from typing import NamedTuple

from controller.domain.checks.check import Answer
from controller.domain.strategy import ALL
from tests.simulation.engine.scheduler import Scheduler
from tests.simulation.weather.edges import EDGES
from tests.simulation.weather.web import Web

CALLS, PAGES = 4, 2
"""Requests to the API and for the page at each tick."""
TICK, AT_REST = 1.0, 20.0
"""Seconds from tick to tick, and while nothing is going on."""
LATER, LONGEST = 0.2, 300.0
"""The share of the pages that ask for a script later, and how many seconds later at most."""
OK, FORBIDDEN, UNAVAILABLE, GATEWAY = 200, 403, 503, 502


class Page(NamedTuple):
    """A page that is open in a browser, and when it asks for its script (a second time)."""

    at: float
    number: int
    edge: int
    visitor: int
    script: str


class Requests:
    """Makes the requests. `made` counts them; `suffered` counts those that failed because of the mechanism itself.

    What a bad version answers is not counted, nor what the placeholder answers before the first release.
    """

    def __init__(
        self, scheduler: Scheduler, web: Web, *, is_quiet: Callable[[], bool], has_released: Callable[[], bool]
    ) -> None:
        """`is_quiet`: nothing is going on; `has_released`: a release was said to be live."""
        self._scheduler, self._web, self._is_quiet, self._has_released = scheduler, web, is_quiet, has_released
        self._open: list[Page] = []
        self.made = 0
        self.suffered: Counter[str] = Counter()
        self.examples: dict[str, float] = {}
        """Kind of error → when it happened first."""
        scheduler.after(TICK, self._tick)

    def _tick(self) -> None:
        self._scheduler.after(AT_REST if self._is_quiet() else TICK, self._tick)
        for _ in range(CALLS):
            if self._counted(self._web.api()).status == GATEWAY:
                self._suffers("function not found")
        for _ in range(PAGES):
            self._visit()
        while self._open and self._open[0].at <= self._scheduler.seconds:
            page = heappop(self._open)
            self._ask(page.edge, page.script, page.visitor)

    def _visit(self) -> None:
        chance = self._web.chance
        edge, visitor = chance.randrange(EDGES), chance.randrange(ALL * ALL)
        answer = self._ask(edge, "/", visitor)
        if answer.status != OK:
            return
        version = answer.body.decode().removeprefix("<title>").removesuffix("</title>")
        script = f"/{self._web.visitors.releases[version].script}"
        self._ask(edge, script, visitor)
        if chance.random() < LATER:
            at = self._scheduler.seconds + chance.uniform(0, LONGEST)
            heappush(self._open, Page(at, self.made, edge, visitor, script))

    def _ask(self, edge: int, path: str, visitor: int) -> Answer:
        answer = self._counted(self._web.edges.get(edge, path, visitor))
        if answer.status == UNAVAILABLE and self._has_released():
            self._suffers("503 of the placeholder")
        elif answer.status == FORBIDDEN:
            self._suffers("a page that is gone" if path == "/" else "a script that is gone")
        return answer

    def _counted(self, answer: Answer) -> Answer:
        self.made += 1
        return answer

    def _suffers(self, kind: str) -> None:
        self.suffered[kind] += 1
        self.examples.setdefault(kind, self._scheduler.seconds)
