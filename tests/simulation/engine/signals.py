"""What will be known later, and generators that wait for it: executions of state machines are such generators."""

from collections.abc import Callable, Generator
from typing import Any

from tests.simulation.engine.scheduler import Scheduler


class Signal:
    """A result that comes later; the first one counts."""

    __slots__ = ("_waiting", "error", "settled", "value")

    def __init__(self) -> None:
        self.settled, self.value = False, None
        self.error: BaseException | None = None
        self._waiting: list[Callable[[Signal], object]] = []

    def succeed(self, value: Any = None) -> bool:  # noqa: ANN401 - any result
        """The result is there; False when there was one already."""
        return self._settle(value, None)

    def fail(self, error: BaseException) -> bool:
        """There will be no result, for this reason; False when there was one already."""
        return self._settle(None, error)

    def follow(self, other: "Signal") -> None:
        """Settle as the other one did."""
        self._settle(other.value, other.error)

    def then(self, action: "Callable[[Signal], object]") -> None:
        """Do this as soon as it is settled."""
        if self.settled:
            action(self)
        else:
            self._waiting.append(action)

    def _settle(self, value: Any, error: BaseException | None) -> bool:  # noqa: ANN401
        if self.settled:
            return False
        self.settled, self.value, self.error = True, value, error
        waiting, self._waiting = self._waiting, []
        for action in waiting:
            action(self)
        return True


Steps = Generator[Signal, Any, Any]


class Flow:
    """Runs a generator that yields signals; `done` has what it returns or raises."""

    def __init__(self, scheduler: Scheduler, steps: Steps, pause: Callable[[], float]) -> None:
        """`pause` is the time from a signal to the step after it, in seconds."""
        self.done = Signal()
        self._scheduler, self._steps, self._pause = scheduler, steps, pause
        self._cancelled = False
        scheduler.after(pause(), lambda: self._step(None))

    def cancel(self) -> None:
        """Do nothing more; what the generator has begun elsewhere goes on."""
        if not self._cancelled:
            self._cancelled = True
            self._steps.close()

    def _step(self, signal: Signal | None) -> None:
        if self._cancelled:
            return
        try:
            if signal is not None and signal.error is not None:
                waited = self._steps.throw(signal.error)
            else:
                waited = self._steps.send(None if signal is None else signal.value)
        except StopIteration as ended:
            self._cancelled = True
            self.done.succeed(ended.value)
        except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
            self._cancelled = True
            self.done.fail(error)
        else:
            waited.then(lambda settled: self._scheduler.after(self._pause(), lambda: self._step(settled)))
