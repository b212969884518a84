"""What stands behind the functions of both machines: the real handlers, run in this process."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from controller.handlers import entry
from tests.state_machine.failures import Failure, TimedOut
from tests.state_machine.moto_engine import Place
from tests.state_machine.script import Script
from tests.state_machine.world import MotoWorld

EVENT_TRIES = 3
Result = TypeVar("Result")


class Functions(Script):
    """Implements `moto_engine.Invoker`.

    `repeat`: how often each function runs for one invocation, one after the other or `together`. `late`: the functions
    that were given up before they did their work. `states`: where the machines were. `documents`: what each state's
    function returned last. `busy`: how many functions are running; `worked`: how many have ended.
    """

    def __init__(self, world: MotoWorld, rollback_machine: str, *, repeat: int, together: bool) -> None:
        super().__init__()
        self.world, self.rollback_machine = world, rollback_machine
        self.repeat, self.together = repeat, together
        self.late: list[Callable[[], object]] = []
        self.states: list[str] = []
        self.documents: dict[str, dict[str, Any]] = {}
        self.busy = self.worked = 0
        self.rewire()

    def rewire(self) -> None:
        """Let the functions work in the world as it is now: a test has put other adapters into it."""
        self._tapped_world = self.world.tapped(self.tapped)

    def invoke(self, group: str, event: dict[str, Any], place: Place) -> dict[str, Any]:
        """Run a Task's function."""
        task = entry.task_of(group, event)
        self.states.append(place.state)

        def work() -> dict[str, Any]:
            runs = [partial(self._run_as, place.state, task, event)] * self.repeat
            self.documents[place.state] = at_once(*runs) if self.together else [run() for run in runs][-1]
            return self.documents[place.state]

        with self._at_work():
            return self._around(place.state, work)

    def start_child(self, start: Callable[[str], None], place: Place) -> None:
        """Start the rollback as a child execution."""
        self.states.append(place.state)
        with self._at_work():
            self._around(place.state, lambda: start(self.rollback_machine))

    def wait(self, seconds: float) -> None:
        """A Wait state: the clock moves, and no time passes."""
        self.world.clock.advance(seconds)

    def _around(self, state: str, work: Callable[[], Result]) -> Result:
        instead = self._due(state, "instead")
        if instead:
            self.late.append(work)
            for action in instead:
                action()
            raise TimedOut
        for action in self._due(state, "before"):
            action()
        answer = work()
        for action in self._due(state, "after"):
            action()
        return answer

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._lock:
            self.busy += 1
        try:
            yield
        finally:
            with self._lock:
                self.busy -= 1
                self.worked += 1

    def run_late(self) -> None:
        """Let the functions that were thought dead do their work after all; what they raise is lost."""
        for action in self.late:
            try:
                action()
            except (Exception, Failure):  # noqa: BLE001, S112 - nothing waits for them any more
                continue
        self.late.clear()

    def told(self, task: str, event: dict[str, Any]) -> dict[str, Any]:
        """Run a function by an event: when it fails, Lambda runs it again."""
        for _ in range(EVENT_TRIES - 1):
            try:
                return self._run_as(task, task, event)
            except (Exception, Failure):  # noqa: BLE001, S112 - Lambda tries again whatever it was
                continue
        return self._run_as(task, task, event)

    def _run_as(self, state: str, task: str, event: dict[str, Any]) -> dict[str, Any]:
        outer, self._here.state = getattr(self._here, "state", ""), state
        try:
            return entry.run(self._tapped_world, task, event, sleep=_no_sleep).document()
        finally:
            self._here.state = outer


def _no_sleep(_seconds: float) -> None:
    """A transient failure is over."""


def at_once(*actions: Callable[[], Result]) -> Result:
    """Run the actions at the same time and wait for all; returns what one of them returned, raises if none did."""
    with ThreadPoolExecutor(max_workers=len(actions)) as pool:
        ended = [pool.submit(action) for action in actions]
    good = [one for one in ended if one.exception() is None]
    return (good or ended)[0].result()
