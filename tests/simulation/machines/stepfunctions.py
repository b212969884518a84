"""Step Functions: the executions of both machines, and the service's operations."""
# ruff: noqa: ANN401, N803 - AWS's documents, and its names of parameters

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from tests.simulation.aws.service import Refusal, Service, operation
from tests.simulation.calls.history import History
from tests.simulation.engine.scheduler import Scheduler
from tests.simulation.engine.signals import Flow, Signal, Steps
from tests.simulation.machines.asl import Run, StatesError

BAD_ENDS = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})
TRANSITION = (0.005, 0.06)
"""Seconds from one state to the next."""
STOPS_CHILD = 0.8
"""How often the child of a parent that is stopped is stopped, too: AWS promises its best effort."""
Invoke = Callable[[str, Any, str], Signal]


class Execution:
    """One execution, running or ended."""

    def __init__(self, arn: str, machine: str, document: Any, began: datetime) -> None:
        self.arn, self.machine, self.document, self.began = arn, machine, document, began
        self.status, self.error, self.cause = "RUNNING", "", ""
        self.output: Any = None
        self.ended = Signal()
        self.run: Run | None = None
        self.flow: Flow | None = None
        self.tokens: set[str] = set()

    @property
    def name(self) -> str:
        """Its machine's name and the state that it is in."""
        return f"{self.machine}: {self.run.states[-1] if self.run and self.run.states else '-'}"

    def describe(self) -> dict[str, Any]:
        """As DescribeExecution returns it."""
        base = {
            "executionArn": self.arn,
            "name": self.arn.rpartition(":")[2],
            "status": self.status,
            "startDate": self.began,
            "input": json.dumps(self.document),
        }
        if self.status == "SUCCEEDED":
            return {**base, "output": json.dumps(self.output)}
        return {**base, "error": self.error, "cause": self.cause} if self.status in BAD_ENDS else base


class StepFunctions(Service):
    """The machines by ARN, their executions, and the tokens that wait. `on_bad_end` gets each that ends badly."""

    def __init__(self, scheduler: Scheduler, history: History, machines: Mapping[str, Any], invoke: Invoke) -> None:
        super().__init__(scheduler.now)
        self._scheduler, self._history, self._machines, self._invoke = scheduler, history, machines, invoke
        self.executions: dict[str, Execution] = {}
        self.on_bad_end: Callable[[Execution], None] = lambda _execution: None
        self._tokens: dict[str, Signal] = {}
        self._numbers = 0

    @property
    def running(self) -> list[Execution]:
        """The executions that have not ended."""
        return [one for one in self.executions.values() if one.status == "RUNNING"]

    def is_answered(self, token: str) -> bool:
        """Whether nobody waits for this token (any more)."""
        return token not in self._tokens or self._tokens[token].settled

    @operation
    def start_execution(self, stateMachineArn: str, input: str, name: str = "") -> dict[str, Any]:  # noqa: A002
        """Start an execution; the same name and input again while it runs returns the same one."""
        machine = stateMachineArn.rpartition(":")[2]
        arn = f"{stateMachineArn.replace(':stateMachine:', ':execution:')}:{name or self._name()}"
        document = json.loads(input)
        if there := self.executions.get(arn):
            if there.status == "RUNNING" and there.document == document:
                return {"executionArn": arn, "startDate": there.began}
            raise Refusal("ExecutionAlreadyExists", arn)
        execution = Execution(arn, machine, document, self._now())
        self.executions[arn] = execution
        self._begin(execution, self._machines[stateMachineArn])
        return {"executionArn": arn, "startDate": execution.began}

    @operation
    def stop_execution(self, executionArn: str, error: str = "", cause: str = "") -> dict[str, Any]:
        """Stop an execution; its functions run on."""
        self._end(self._execution(executionArn), "ABORTED", StatesError(error, cause))
        return {"stopDate": self._now()}

    @operation
    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        """The execution's state."""
        return self._execution(executionArn).describe()

    @operation
    def send_task_success(self, taskToken: str, output: str) -> None:
        """Answer a waiting task."""
        self._answer(taskToken).succeed(json.loads(output))

    @operation
    def send_task_failure(self, taskToken: str, error: str = "", cause: str = "") -> None:
        """Fail a waiting task."""
        self._answer(taskToken).fail(StatesError(error, cause))

    @operation
    def send_task_heartbeat(self, taskToken: str) -> None:
        """Say that a waiting task is still worked on."""
        self._answer(taskToken)

    def _execution(self, arn: str) -> Execution:
        if arn not in self.executions:
            raise Refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return self.executions[arn]

    def _answer(self, token: str) -> Signal:
        if token not in self._tokens:
            raise Refusal("InvalidToken", "Invalid Token")
        if self._tokens[token].settled:
            raise Refusal("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        return self._tokens[token]

    def _name(self) -> str:
        self._numbers += 1
        return f"made-up-{self._numbers}"

    def _begin(self, execution: Execution, program: Mapping[str, Any]) -> None:
        place = _Place(self, execution, self._scheduler)
        context = {
            "Execution": {"Id": execution.arn, "Name": execution.arn.rpartition(":")[2], "Input": execution.document}
        }
        execution.run = Run(place, context)
        self._history.note(self._scheduler.seconds, execution.machine, f"*** {execution.arn} begins")
        execution.flow = place.flow(execution.run.program(program, execution.document))
        execution.flow.done.then(partial(self._done, execution))
        if seconds := program.get("TimeoutSeconds"):
            late = StatesError("States.Timeout", "")
            timer = self._scheduler.after(seconds, lambda: self._end(execution, "TIMED_OUT", late))
            execution.ended.then(lambda _: timer.cancel())

    def _done(self, execution: Execution, done: Signal) -> None:
        if done.error is None:
            execution.output = done.value
            self._end(execution, "SUCCEEDED", None)
        elif isinstance(done.error, StatesError):
            self._end(execution, "FAILED", done.error)
        else:
            raise done.error

    def _end(self, execution: Execution, status: str, error: StatesError | None) -> None:
        if execution.status != "RUNNING":
            return
        execution.status = status
        if error:
            execution.error, execution.cause = error.name, error.cause
        said = f": {error.name}: {error.cause[:200]}" if error else ""
        self._history.note(self._scheduler.seconds, execution.machine, f"*** {execution.arn} {status}{said}")
        if execution.flow:
            execution.flow.cancel()
        for token in execution.tokens:
            self._tokens[token].fail(StatesError("States.Timeout"))
        execution.ended.succeed(execution)
        if status in BAD_ENDS:
            self.on_bad_end(execution)


class _Place:
    """Implements `asl.Place` for one execution."""

    def __init__(self, service: StepFunctions, execution: Execution, scheduler: Scheduler) -> None:
        self._service, self._execution, self._scheduler = service, execution, scheduler

    def invoke(self, function: str, payload: Any, state: str) -> Signal:
        return self._service._invoke(function, json.loads(json.dumps(payload)), f"{self._execution.machine}: {state}")

    def child(self, machine: str, document: Any) -> tuple[Signal, Callable[[], object]]:
        service = self._service
        started = service.start_execution(stateMachineArn=machine, input=json.dumps(document))
        child = service.executions[started["executionArn"]]
        ended = Signal()
        child.ended.then(lambda _: _as_task(child, ended))

        def stop() -> None:
            if self._scheduler.chance.random() < STOPS_CHILD:
                service._end(child, "ABORTED", StatesError("", "Its parent was stopped."))

        return ended, stop

    def token(self) -> tuple[str, Signal]:
        service = self._service
        token = f"token-{len(service._tokens) + 1}"
        service._tokens[token] = Signal()
        self._execution.tokens.add(token)
        return token, service._tokens[token]

    def sleep(self, seconds: float) -> Signal:
        signal = Signal()
        if seconds:
            self._scheduler.after(seconds, signal.succeed)
        else:
            signal.succeed()
        return signal

    def flow(self, steps: Steps) -> Flow:
        return Flow(self._scheduler, steps, lambda: self._scheduler.chance.uniform(*TRANSITION))

    def fail_after(self, seconds: float, signal: Signal, error: StatesError) -> Callable[[], None]:
        return self._scheduler.after(seconds, lambda: signal.fail(error)).cancel

    def jitter(self) -> float:
        return self._scheduler.chance.random()


def _as_task(child: Execution, ended: Signal) -> None:
    described = child.describe()
    if child.status == "SUCCEEDED":
        ended.succeed({**described, "Output": child.output, "startDate": child.began.isoformat()})
    else:
        ended.fail(StatesError("States.TaskFailed", json.dumps({**described, "startDate": ""})))
