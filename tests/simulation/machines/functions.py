"""Lambda: the controller's functions, with the real handlers in the real flow; and how they are invoked."""
# ruff: noqa: ANN401 - JSON

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.handlers import entry
from controller.ports.world import World
from tests.simulation.calls.faults import Faults, Kind
from tests.simulation.calls.history import History
from tests.simulation.engine.scheduler import Died, Process, Scheduler
from tests.simulation.engine.signals import Signal
from tests.simulation.machines.paths import StatesError

SIZES = Path(__file__).parents[3] / "bootstrap_cdk/controller/functions.py"
TIMEOUTS: Mapping[str, int] = {
    group.lower(): int(seconds) for group, seconds in re.findall(r"Group\.(\w+): Size\(\d+, (\d+)\)", SIZES.read_text())
}
"""Function → its time limit in seconds."""
ON_WAY = (0.005, 0.08)
"""Seconds until a function that is invoked begins."""
PAUSES = (60.0, 120.0)
"""Seconds until Lambda runs an asynchronous invocation again that has failed, and again."""
OLDEST = 3600.0
"""Seconds after which Lambda drops an asynchronous event (`max_event_age` of the controller's functions)."""
DIED, TIMED_OUT = "Runtime.ExitError", "Sandbox.Timedout"
REFUSED = {
    Kind.THROTTLE: "Lambda.TooManyRequestsException",
    Kind.ERROR: "Lambda.ServiceException",
    Kind.TIMEOUT: "Lambda.SdkClientException",
}
"""Faults of a synchronous invocation whose function never begins."""


@dataclass(frozen=True)
class Invocation:
    """What is to be run: a function of the controller with an event, and where in a workflow."""

    group: str
    event: Mapping[str, Any]
    name: str


class Functions:
    """Runs the controller's functions. `ended` counts; `waiting` are asynchronous events that are not over."""

    def __init__(
        self, scheduler: Scheduler, faults: Faults, history: History, make_world: Callable[[str], World]
    ) -> None:
        """`make_world` makes the ports of a new process."""
        self._scheduler, self._faults, self._history, self._make_world = scheduler, faults, history, make_world
        self._running: dict[Process, Invocation] = {}
        self.waiting = self.ended = 0
        self.numbers = 0

    @property
    def running(self) -> list[Process]:
        """The processes that have not ended."""
        return list(self._running)

    def invoke(self, arn: str, event: Any, name: str) -> Signal:
        """Run a function for Step Functions; settles with what the task's result is."""
        done = Signal()
        self.numbers += 1
        fault = self._faults.at(-self.numbers, f"{name}|lambda.invoke_task")
        if self._faults.outage("lambda", self._scheduler.seconds):
            done_with = StatesError("Lambda.ServiceException", "Lambda is out.")
            self._scheduler.after(self._way(), lambda: done.fail(done_with))
            return done
        if fault and fault.kind in REFUSED:
            self._history.note(self._scheduler.seconds, name, f"!!! {fault}")
            self._scheduler.after(self._way(), lambda: done.fail(StatesError(REFUSED[fault.kind], "So it happens.")))
            return done
        run = self._start(Invocation(arn.rpartition("-")[2], event, name))
        if fault and fault.kind is Kind.LOST_REPLY:
            run.then(lambda _: done.fail(StatesError("Lambda.SdkClientException", "The answer was lost.")))
        else:
            run.then(lambda ended: done.fail(ended.error) if ended.error else done.succeed({"Payload": ended.value}))
        return done

    def post(self, group: str, event: Mapping[str, Any], name: str, after: float = 0.0) -> None:
        """Run a function by an event, which nobody waits for; Lambda tries again when it fails."""
        self.waiting += 1
        since = self._scheduler.seconds + after
        self._scheduler.after(after, lambda: self._deliver(Invocation(group, event, name), since, 0))

    def again(self, seconds: float) -> None:
        """Let the current process's invocation run once more, later, with nobody waiting for it."""
        actor = self._scheduler.current
        if actor and (invocation := self._running.get(actor.process)):
            self.waiting += 1

            def begin() -> None:
                self._start(invocation).then(lambda _: self._over())

            self._scheduler.after(seconds, begin)

    def _over(self) -> None:
        self.waiting -= 1

    def _deliver(self, invocation: Invocation, since: float, failed: int) -> None:
        now = self._scheduler.seconds
        outage = self._faults.outage("lambda", now)
        if now - since > OLDEST or failed > len(PAUSES):
            self._history.note(now, invocation.name, "!!! the event is dropped")
            self._over()
        elif outage:
            left = outage.since + outage.seconds - now
            wait = min(left, OLDEST) + self._scheduler.chance.uniform(0.5, 20)
            self._scheduler.after(wait, lambda: self._deliver(invocation, since, failed))
        else:
            self._start(invocation).then(lambda ended: self._returned(invocation, since, failed, ended))

    def _returned(self, invocation: Invocation, since: float, failed: int, ended: Signal) -> None:
        if ended.error is None:
            self._over()
        elif failed < len(PAUSES):
            pause = PAUSES[failed] * self._scheduler.chance.uniform(0.9, 1.2)
            self._scheduler.after(pause, lambda: self._deliver(invocation, since, failed + 1))
        else:
            self._deliver(invocation, since, failed + 1)

    def _start(self, invocation: Invocation) -> Signal:
        """Run a function in a new process; settles with its document, or fails as Lambda says it."""
        done, after, limit = Signal(), self._way(), TIMEOUTS[invocation.group]
        process = Process(invocation.name, self._scheduler.seconds + after + limit)
        process.on_death = lambda: done.fail(StatesError(DIED, "The process exited."))

        def out_of_time() -> None:
            done.fail(StatesError(TIMED_OUT, f"Task timed out after {limit} seconds"))
            process.die()

        timer = self._scheduler.after(after + limit, out_of_time)
        self._running[process] = invocation

        def work() -> None:
            try:
                world = self._make_world(invocation.group)
                task = entry.task_of(invocation.group, dict(invocation.event))
                document = entry.run(world, task, dict(invocation.event)).document()
                done.succeed(json.loads(json.dumps(document)))
            except Died:
                raise
            except Exception as error:  # noqa: BLE001 - as Lambda's runtime does
                self._history.note(self._scheduler.seconds, process.name, f"!!! {type(error).__name__}: {error}")
                cause = json.dumps({"errorMessage": str(error), "errorType": type(error).__name__})
                done.fail(StatesError(type(error).__name__, cause))
            finally:
                timer.cancel()
                self._running.pop(process, None)
                self.ended += 1

        self._scheduler.spawn(process, work, after)
        return done

    def _way(self) -> float:
        return self._scheduler.chance.uniform(*ON_WAY)
