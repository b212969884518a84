"""The interpreter of the state machines: what AWS documents of states, retries, catches, tokens and timeouts."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulation.calls.history import History
from tests.simulation.engine.scheduler import Scheduler
from tests.simulation.engine.signals import Signal
from tests.simulation.machines.paths import StatesError
from tests.simulation.machines.stepfunctions import StepFunctions
from tests.state_machine.machines import DEPLOY, ROLLBACK, states

ARN = "arn:aws:states:::stateMachine:"
INVOKE = "arn:aws:states:::lambda:invoke"
Answers = Callable[[Any], Signal]


class Machines:
    """One machine, whose functions a test answers; `asked` are their payloads."""

    def __init__(self, program: dict[str, Any], *, answer: Callable[[Any], object] = lambda _: {}) -> None:
        self.scheduler, self._answer = Scheduler(1), answer
        self.asked: list[Any] = []
        self.machines = {f"{ARN}one": program}
        self.service = StepFunctions(self.scheduler, History(), self.machines, self._invoke)

    def _invoke(self, function: str, payload: object, name: str) -> Signal:
        self.asked.append(payload)
        done, answer = Signal(), self._answer(payload)
        if isinstance(answer, StatesError):
            self.scheduler.after(0.1, lambda: done.fail(answer))
        elif answer is not None:
            self.scheduler.after(0.1, lambda: done.succeed({"Payload": answer}))
        return done

    def run(self, document: object = None, seconds: float = 1e6) -> dict[str, Any]:
        """Start the machine and let it end; returns its description."""
        started = self.service.start_execution(stateMachineArn=f"{ARN}one", input=json.dumps(document or {}), name="x")
        self.scheduler.run(until=seconds)
        return self.service.describe_execution(executionArn=started["executionArn"])


def task(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A program of one Task."""
    state = {"Type": "Task", "Resource": INVOKE, "Parameters": {"FunctionName": "f", "Payload": {}}, "End": True}
    return {"StartAt": "A", "States": {"A": {**state, **more}, "B": {"Type": "Pass", "End": True}}}


def test_a_task_gets_its_parameters_and_gives_its_output() -> None:
    """Paths in the parameters, and the result at its place."""
    parameters = {"FunctionName": "f", "Payload": {"id.$": "$.a.b", "run.$": "$$.Execution.Name", "fixed": 1}}
    one = Machines(task(Parameters=parameters, ResultPath="$.x.y", OutputPath="$.x"), answer=lambda _: 7)
    assert json.loads(one.run({"a": {"b": 5}})["output"]) == {"y": {"Payload": 7}}
    assert one.asked == [{"id": 5, "run": "x", "fixed": 1}]


def test_a_failure_is_retried_with_growing_pauses_and_then_caught() -> None:
    """Each rule has its own attempts; what is caught gets error and cause."""
    rule = {"ErrorEquals": ["Known"], "IntervalSeconds": 10, "MaxAttempts": 2, "BackoffRate": 2}
    catch = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "B"}
    one = Machines(task(Retry=[rule], Catch=[catch]), answer=lambda _: StatesError("Known", "why"))
    assert json.loads(one.run({"kept": 1})["output"]) == {"kept": 1, "failure": {"Error": "Known", "Cause": "why"}}
    assert len(one.asked) == 3
    assert one.scheduler.seconds > 30


def test_a_missing_path_fails_the_execution_uncaught() -> None:
    """States.Runtime is in no States.ALL."""
    catch = {"ErrorEquals": ["States.ALL"], "Next": "B"}
    parameters = {"FunctionName": "f", "Payload": {"id.$": "$.nothing"}}
    ended = Machines(task(Parameters=parameters, Catch=[catch])).run()
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")


def test_a_task_that_is_too_slow_times_out_and_its_late_answer_counts_no_more() -> None:
    """The function itself is not stopped."""
    one = Machines(task(TimeoutSeconds=30), answer=lambda _: None)
    ended = one.run(seconds=100)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")


def test_a_token_is_answered_once() -> None:
    """A second answer, and one after the timeout, are refused."""
    parameters = {"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}}
    one = Machines(task(Resource=f"{INVOKE}.waitForTaskToken", Parameters=parameters, TimeoutSeconds=60))
    one.service.start_execution(stateMachineArn=f"{ARN}one", input="{}", name="x")
    one.scheduler.run(until=10)
    token = one.asked[0]["token"]
    one.service.send_task_success(taskToken=token, output='{"by": "a person"}')
    with pytest.raises(ClientError, match="TaskTimedOut"):
        one.service.send_task_success(taskToken=token, output="{}")
    one.scheduler.run(until=100)
    described = one.service.describe_execution(executionArn=ARN.replace("stateMachine", "execution") + "one:x")
    assert json.loads(described["output"]) == {"by": "a person"}


def test_a_failing_branch_ends_the_others() -> None:
    """A Parallel fails with its first failure; the token of another branch is worth nothing then."""
    waiting = task(
        Resource=f"{INVOKE}.waitForTaskToken", Parameters={"FunctionName": "f", "Payload": {"t.$": "$$.Task.Token"}}
    )
    failing = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Bad", "Cause": "as it is"}}}
    state = {"Type": "Parallel", "Branches": [waiting, failing], "End": True}
    one = Machines({"StartAt": "P", "States": {"P": state}})
    assert one.run()["error"] == "Bad"
    with pytest.raises(ClientError, match="TaskTimedOut"):
        one.service.send_task_success(taskToken=one.asked[0]["t"], output="{}")


def test_a_map_takes_so_many_at_once_and_keeps_the_order() -> None:
    """The results are in the order of the items."""
    inner = task(Parameters={"FunctionName": "f", "Payload.$": "$.n"}, OutputPath="$.Payload")
    state = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemSelector": {"n.$": "$$.Map.Item.Value"},
        "MaxConcurrency": 2,
        "ItemProcessor": inner,
        "End": True,
    }
    one = Machines({"StartAt": "M", "States": {"M": state}}, answer=lambda payload: payload * 2)
    assert json.loads(one.run({"items": [1, 2, 3]})["output"]) == [2, 4, 6]


def test_the_same_name_starts_once() -> None:
    """While it runs, the same input gives the same execution; after that, the name is used up."""
    one = Machines(task(TimeoutSeconds=5), answer=lambda _: None)
    start = {"stateMachineArn": f"{ARN}one", "name": "x"}
    first = one.service.start_execution(**start, input="{}")
    assert one.service.start_execution(**start, input="{}")["executionArn"] == first["executionArn"]
    with pytest.raises(one.service.exceptions.ExecutionAlreadyExists):
        one.service.start_execution(**start, input='{"other": 1}')
    one.scheduler.run(until=100)
    with pytest.raises(one.service.exceptions.ExecutionAlreadyExists):
        one.service.start_execution(**start, input="{}")


def test_a_machine_ends_when_its_time_is_over() -> None:
    """TIMED_OUT, whatever it was doing."""
    program = {"StartAt": "W", "TimeoutSeconds": 50, "States": {"W": {"Type": "Wait", "Seconds": 99, "End": True}}}
    assert Machines(program).run(seconds=1000)["status"] == "TIMED_OUT"


def test_a_machine_that_never_ends_is_stopped_by_its_history() -> None:
    """25,000 events, as AWS has it."""
    program = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "Next": "W"}}}
    ended = Machines(program).run(seconds=1e5)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")


@pytest.mark.parametrize("machine", [DEPLOY, ROLLBACK])
def test_the_interpreter_knows_every_kind_of_state_of_our_machines(machine: str) -> None:
    """A new kind, or a new kind of service call, must be added to it first."""
    found = states(machine)
    assert {state["Type"] for _, state in found} <= {
        "Task", "Choice", "Wait", "Pass", "Map", "Parallel", "Succeed", "Fail",
    }  # fmt: skip
