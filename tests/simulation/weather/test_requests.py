"""Visitors: which of their errors are those of the mechanism itself."""

from collections.abc import Callable
from random import Random
from typing import Any

from controller.domain.checks.check import Answer
from tests.simulation.engine.scheduler import Scheduler
from tests.simulation.releases import Release
from tests.simulation.visitors import Visitors
from tests.simulation.weather.requests import CALLS, PAGES, Requests

PAGE = Answer(200, b"<title>1.0.0</title>")
SECONDS = 10


class FakeWeb:
    """Answers as a test says: the API's answer, and that of the site by path."""

    def __init__(self, api: int, site: Callable[[str], Answer]) -> None:
        self._api, self._site = api, site
        self.chance, self.edges = Random(1), self
        nothing: Any = None
        self.visitors = Visitors(nothing, nothing, nothing)
        self.visitors.know(Release("1.0.0", own_assets=True))

    def api(self) -> Answer:
        """The same for all."""
        return Answer(self._api)

    def get(self, _edge: int, path: str, _visitor: int) -> Answer:
        """The same at all edges."""
        return self._site(path)


def suffered(api: int = 200, site: Callable[[str], Answer] = lambda _: PAGE, *, released: bool = True) -> Requests:
    """What visitors meet in some seconds."""
    scheduler, web = Scheduler(1), FakeWeb(api, site)
    asking: Any = web
    requests = Requests(scheduler, asking, is_quiet=lambda: False, has_released=lambda: released)
    scheduler.run(until=SECONDS + 0.5)
    return requests


def test_visitors_come_all_the_time() -> None:
    """Each page asks for its script, some of them again later."""
    requests = suffered()
    assert requests.made >= SECONDS * (CALLS + 2 * PAGES)
    assert not requests.suffered


def test_an_error_of_the_version_is_not_one_of_the_mechanism() -> None:
    """500 is what a bad release answers."""
    assert not suffered(api=500).suffered


def test_a_function_that_is_not_found_is_counted() -> None:
    """Each call of it."""
    assert suffered(api=502).suffered == {"function not found": SECONDS * CALLS}


def test_the_placeholder_counts_only_after_a_release_was_said_to_be_live() -> None:
    """Before the first release there is nothing else."""
    assert not suffered(site=lambda _: Answer(503), released=False).suffered
    assert suffered(site=lambda _: Answer(503)).suffered == {"503 of the placeholder": SECONDS * PAGES}


def test_pages_and_scripts_that_are_gone_are_told_apart() -> None:
    """A script is that of the page that the visitor has."""
    assert suffered(site=lambda _: Answer(403)).suffered == {"a page that is gone": SECONDS * PAGES}
    script = f"/{Release('1.0.0').script}"
    found = suffered(site=lambda path: Answer(403) if path == script else PAGE).suffered
    assert found["a script that is gone"] >= SECONDS * PAGES
    assert list(found) == ["a script that is gone"]
