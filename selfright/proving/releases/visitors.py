"""Synthetic visitors: from this machine, to the API and to the site's page."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from selfright.proving.releases.sources import VISITOR
from selfright.proving.scene import Scene

PAUSE = 0.4
"""Seconds between two visits: enough for a verdict in a bake of four minutes."""
FINE = 200


@dataclass
class Visits:
    """What visitors were answered: the text of the answer, or what went wrong → how often."""

    api: Counter[str] = field(default_factory=Counter)
    site: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> int:
        """Answers that were errors."""
        return sum(count for said in (self.api, self.site) for what, count in said.items() if what.startswith("error"))

    @property
    def total(self) -> int:
        """All answers."""
        return self.api.total() + self.site.total()


@contextmanager
def visiting(scene: Scene) -> Iterator[Visits]:
    """Visitors come as long as the block lasts; their answers are counted meanwhile."""
    visits, over = Visits(), threading.Event()
    thread = threading.Thread(target=_visit, args=(scene, visits, over), daemon=True)
    thread.start()
    try:
        yield visits
    finally:
        over.set()
        thread.join()


def _visit(scene: Scene, visits: Visits, over: threading.Event) -> None:
    agent = {"user-agent": VISITOR}
    while not over.wait(PAUSE * min(scene.factor, 1)):
        called = scene.here("/hello", agent, host="ApiDomain")
        visits.api[called.text if called.status == FINE else f"error {called.status}"] += 1
        seen = scene.here("/index.html", agent)
        visits.site[site_of(seen.text) if seen.status == FINE else f"error {seen.status}"] += 1


def site_of(text: str) -> str:
    """The site's release, of the text of its page."""
    return next((f"site {word}" for word in text.replace("<", " ").split() if word.count(".") == 2), "site")  # noqa: PLR2004
