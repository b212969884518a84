"""Makes the requests of a load check with a few workers, each with one request at a time."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

from controller.clock import monotonic
from controller.domain.checks.load_check import SECONDS, Load, LoadCheck
from controller.errors import SelfrightError

Ask = Callable[[], str]
"""Makes one request; returns what was wrong with the answer, or "" if nothing was."""


@dataclass
class LoadRun:
    """One run of a load check. It ends early when there are more errors than the check allows."""

    check: LoadCheck
    ask: Ask
    clock: Callable[[], float] = monotonic
    _left: int = field(init=False)
    _measured: list[float] = field(default_factory=list, init=False)
    _errors: list[str] = field(default_factory=list, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def __post_init__(self) -> None:
        self._left = self.check.requests

    def run(self) -> Load:
        """Make the requests and measure them."""
        ends = self.clock() + SECONDS
        workers = min(self.check.concurrency, self.check.requests)
        with ThreadPoolExecutor(workers) as pool:
            for worker in [pool.submit(self._work, ends) for _ in range(workers)]:
                worker.result()
        gave_up = len(self._errors) > self.check.max_errors
        return Load(self._measured, self._errors, 0 if gave_up else self._left)

    def _work(self, ends: float) -> None:
        """Make requests until there are none left.

        The first request of each worker may start a new instance of the function, so its time does not count, unless no
        worker makes a second request.
        """
        few = self.check.requests <= self.check.concurrency
        for number, _ in enumerate(self._taken(ends)):
            started = self.clock()
            wrong = self._fault()
            milliseconds = (self.clock() - started) * 1000
            with self._lock:
                if wrong:
                    self._errors.append(wrong)
                elif number or few:
                    self._measured.append(milliseconds)

    def _taken(self, ends: float) -> Iterator[None]:
        """One request after the other, while requests and time are left."""
        while True:
            with self._lock:
                if not self._left or self.clock() > ends or len(self._errors) > self.check.max_errors:
                    return
                self._left -= 1
            yield

    def _fault(self) -> str:
        try:
            return self.ask()
        except SelfrightError as error:
            return str(error)
