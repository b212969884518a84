"""A whole run: create the sandbox, measure every fact, release, and delete the sandbox whatever happens."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from selfright.account.account import Account
from selfright.proving.fact import Fact
from selfright.proving.results import FactReport
from selfright.proving.sandbox.cleaning import Cleaner
from selfright.proving.sandbox.creating import AnotherRunError, create
from selfright.proving.sandbox.records import Records
from selfright.proving.scene import RunClock, Scene

LAST = "environment"
"""What is measured on this comes last, because it takes the rates that the others need."""


@dataclass
class Prover:
    """Runs in one account; `say` takes lines of progress."""

    account: Account
    say: Callable[[str], None]
    client: Callable[[str], Any]
    clock: RunClock
    found: dict[str, FactReport] = field(default_factory=dict)
    deleting: Callable[[], None] = lambda: None
    """Called before the sandbox is deleted."""

    def use(self, account: Account) -> None:
        """From now on, the account has another controller."""
        self.account = account

    @contextlib.contextmanager
    def sandbox(self, urls: Mapping[str, str], factor: float) -> Iterator[Scene]:
        """The sandbox for the time of a `with` block; it is deleted at its end, also after an error or Ctrl-C.

        `urls` are other addresses of its hosts: `ApiDomain`, `SiteDomain`.

        Raises `AnotherRunError` if there is one already, which is left alone.
        """
        self.say("Creating the sandbox …")
        ours = True
        try:
            given = {name.replace("Domain", "Url"): url for name, url in urls.items()}
            outputs = create(self.client("cloudformation"), self.clock, given)
            yield Scene(outputs, self.client, self.clock, factor, urls)
        except AnotherRunError:
            ours = False
            raise
        finally:
            if ours:
                self.clean()

    def clean(self) -> list[str]:
        """Delete everything that a run makes; returns what was deleted, in words."""
        self.deleting()
        clock = RunClock()  # the run's own may have been stopped
        self.say("Deleting the sandbox …")
        records = Records(self.account, self.client, clock)
        records.end()
        gone = [*Cleaner(self.client, clock).delete(), *records.delete()]
        for one in gone:
            self.say(f"  deleted {one}")
        return gone

    def measure(self, scene: Scene, facts: Sequence[Fact]) -> None:
        """Measure the facts: those on one thing one after another, others at the same time. `found` has the answers."""
        names = list(dict.fromkeys(fact.on for fact in facts if fact.on != LAST))

        def all_of(name: str) -> None:
            for fact in (one for one in facts if one.on == name):
                scene.clock.check()
                self.found[fact.name] = fact.answer(scene)
                whole = "measured" if self.found[fact.name].is_complete else "not, or not wholly, measured"
                self.say(f"  {fact.name}: {whole}")

        with ThreadPoolExecutor(max_workers=max(1, len(names))) as pool:
            self._wait([pool.submit(all_of, name) for name in names])
        all_of(LAST)

    def answers(self, facts: Sequence[Fact]) -> list[FactReport]:
        """All answers in the facts' order, also of those that a stopped run did not come to."""
        return [self.found.get(fact.name) or fact.left_out("the run was stopped before") for fact in facts]

    def _wait(self, running: Sequence[Future[None]]) -> None:
        """Wait for all; Ctrl-C ends their waiting, too."""
        try:
            for one in running:
                one.result()
        except BaseException:
            self.clock.stop()
            raise
