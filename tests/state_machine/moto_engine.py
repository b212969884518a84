"""Moto's Step Functions engine with Python callables behind `lambda:invoke`, and without waiting.

This is the one place that reaches into moto. What it changes, and why:

- **`lambda:invoke`** calls the `Invoker` that is registered for the state machine's name up to the last `-`, instead
  of starting a container. What it raises becomes what Step Functions would see (see `failures`).
- **`startExecution.sync:2`** lets the `Invoker` name the child's machine, and looks often for the child's end. Moto
  does not turn the names of its parameters into the API's, nor those of its output back: as it is, it cannot succeed.
- **Wait** states hand their seconds to the `Invoker`, which moves its clock; **Retry** sleeps not at all.
- **StopExecution** ends an execution at once, as on AWS, while the function that it was running runs on. Moto waits for
  the running task to end (and for a task token, for ever), and then forgets that it was stopped.
- **DynamoDB** answers one request after the other: moto's conditional writes are not atomic between threads.
- DynamoDB's items are sent as they are: moto looks for twelve members in each of their values, half of the time.
- A path, and the names of a service's operations, are read once, not at every use.
- A definition is parsed once, not at every creation and start; all scenes share one, which is why it names no machine.
"""
# ruff: noqa: ANN401 - moto has no types

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from threading import Lock
from types import SimpleNamespace
from typing import Any, Protocol
from unittest.mock import patch
from uuid import uuid4

from botocore.exceptions import ClientError
from moto.core import responses
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.responses import DynamoHandler
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_callback
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from controller.aws.client.clients import client
from tests.state_machine.failures import Broken, Failure, Throttled

ACCOUNT, REGION = "123456789012", "eu-central-1"
LOOK_SECONDS = 0.002


@dataclass(frozen=True)
class Place:
    """Where an execution is."""

    execution_arn: str
    state: str


class Invoker(Protocol):
    """What stands behind the functions of a pair of machines."""

    def invoke(self, group: str, event: dict[str, Any], place: Place) -> dict[str, Any]:
        """Run the function of this group; raises a `Failure`, or what the function raised."""

    def start_child(self, start: Callable[[str], None], place: Place) -> None:
        """Start a child execution by calling `start` with its machine's ARN; raises a `Failure`."""

    def wait(self, seconds: float) -> None:
        """Seconds go by in a Wait state."""


INVOKERS: dict[str, Invoker] = {}


@contextmanager
def engine() -> Iterator[None]:
    """Moto's engine with the changes that the module describes."""
    with ExitStack() as stack:
        for target, name, replacement in (
            (lambda_eval_utils, "execute_lambda_function_integration", _invoke_function),
            (StateTaskServiceSfn, "_eval_service_task", _start_child),
            (StateTaskServiceSfn, "_normalise_response", _in_words_of_asl),
            (state_task_service_callback, "_DELAY_SECONDS_SYNC_CONDITION_CHECK", LOOK_SECONDS),
            (WaitFunction, "_wait_interval", _wait),
            (retrier_decl, "time", SimpleNamespace(sleep=lambda _: None)),
            (Execution, "stop", _stop),
            (BaseExecutionWorkerCommunication, "terminated", _terminated),
            (Program, "eval", _unless_stopped(Program.eval)),
            (AmazonStateLanguageParser, "parse", staticmethod(lru_cache(AmazonStateLanguageParser.parse))),
            (json_path, "parse", lru_cache(json_path.parse)),
            (responses, "method_names_from_class", lru_cache(responses.method_names_from_class)),
            (DynamoHandler, "call_action", _one_by_one(DynamoHandler.call_action)),
            (BaseJSONSerializer, "_serialize", _items_as_they_are(BaseJSONSerializer._serialize)),
        ):
            stack.enter_context(patch.object(target, name, replacement))
        yield


def executions(prefix: str) -> list[Execution]:
    """All executions of the machines whose names begin with the prefix."""
    machines = stepfunctions_parser_backends[ACCOUNT][REGION].state_machines
    return [execution for machine in machines if machine.name.startswith(prefix) for execution in machine.executions]


def is_running(execution: Execution) -> bool:
    """Whether it has begun (or is about to) and has not ended."""
    return execution.exec_status in {None, ExecutionStatus.RUNNING}


def release_threads(prefix: str) -> None:
    """Let the threads of ended executions that still wait for a token go."""
    for execution in executions(prefix):
        _interrupt(execution)


def _invoke_function(env: Any, parameters: dict[str, Any], region: str, state_credentials: object) -> None:
    group = parameters["FunctionName"].rpartition("-")[2]
    try:
        card = _invoker(env).invoke(group, json.loads(parameters["Payload"]), _place(env))
        env.stack.append({"ExecutedVersion": "$LATEST", "Payload": json.loads(json.dumps(card)), "StatusCode": 200})
    except Failure as failure:
        raise _as_moto(failure, "Invoke") from failure
    except Exception as error:
        raise _function_error(type(error).__name__, str(error)) from error


def _start_child(
    self: StateTaskServiceSfn,
    env: Any,
    resource_runtime_part: object,
    normalised_parameters: dict[str, Any],
    state_credentials: object,
) -> None:
    def start(machine: str) -> None:
        answer = client("stepfunctions").start_execution(
            stateMachineArn=machine,
            name=str(uuid4()),
            input=normalised_parameters["Input"],
        )
        env.stack.append({"executionArn": answer["executionArn"]})

    try:
        _invoker(env).start_child(start, _place(env))
    except Failure as failure:
        raise _as_moto(failure, "StartExecution") from failure


def _in_words_of_asl(self: StateTaskServiceSfn, response: dict[str, Any], **_named: object) -> None:
    for key in [*response]:
        value = response.pop(key)
        response[key[0].upper() + key[1:]] = value.isoformat() if isinstance(value, datetime) else value


def _invoker(env: Any) -> Invoker:
    return INVOKERS[env.states.context_object.context_object_data["StateMachine"]["Name"].rpartition("-")[0]]


def _place(env: Any) -> Place:
    known = env.states.context_object.context_object_data
    return Place(known["Execution"]["Id"], known["State"]["Name"])


def _as_moto(failure: Failure, operation: str) -> Exception:
    match failure, operation:
        case Throttled(), "Invoke":
            return _service_error("TooManyRequestsException", operation)
        case Throttled(), _:
            return _service_error("Throttling", operation)
        case Broken(), "Invoke":
            return _function_error("Runtime.ExitError", str(failure))
        case Broken(), _:
            return _service_error("AccessDenied", operation)
    return TimeoutError(str(failure))  # Moto makes States.Timeout of it.


def _service_error(code: str, operation: str) -> Exception:
    metadata = {"HTTPStatusCode": 400, "RequestId": "0"}
    answer: Any = {"Error": {"Code": code, "Message": "Refused."}, "ResponseMetadata": metadata}
    return ClientError(answer, operation)


def _function_error(name: str, message: str) -> Exception:
    payload = {"errorMessage": message, "errorType": name, "requestId": "0", "stackTrace": []}
    return lambda_eval_utils.LambdaFunctionErrorException("Unhandled", json.dumps(payload))


def _wait(self: WaitFunction, env: Any, wait_seconds: float) -> None:
    _invoker(env).wait(wait_seconds)


def _stop(self: Execution, stop_date: datetime, error: str | None, cause: str | None) -> None:
    if self.exec_status is not ExecutionStatus.RUNNING:
        return
    self.exec_status = ExecutionStatus.ABORTED
    self.stop_date = datetime.now(UTC)
    self.error, self.cause = error, cause
    if self.exec_worker and self.exec_worker.env:
        self.exec_worker.env.set_stop(stop_date=stop_date, cause=cause, error=error)
    _interrupt(self)


def _terminated(self: BaseExecutionWorkerCommunication) -> None:
    if self.execution.exec_status is ExecutionStatus.RUNNING:
        self._reflect_execution_status()


def _unless_stopped(check_answer: Callable[..., None]) -> Callable[..., None]:
    def guarded(self: Program, env: Any) -> None:
        try:
            check_answer(self, env)
        except RuntimeError:  # A branch that begins just when its execution is stopped does not know its state.
            if env.is_running():
                raise

    return guarded


def _one_by_one(answer: Callable[..., Any]) -> Callable[..., Any]:
    lock = Lock()

    def answering(self: DynamoHandler) -> Any:
        with lock:
            return answer(self)

    return answering


def _items_as_they_are(serialize: Callable[..., None]) -> Callable[..., None]:
    def serializing(self: BaseJSONSerializer, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name == "AttributeValue" and isinstance(value, dict):
            self._default_serialize(serialized, value, shape, key)
        else:
            serialize(self, serialized, value, shape, key)

    return serializing


def _interrupt(execution: Execution) -> None:
    env = execution.exec_worker.env if execution.exec_worker else None
    if env is not None and execution.exec_status is not ExecutionStatus.RUNNING:
        for endpoint in list(env.callback_pool_manager._pool.values()):
            endpoint.interrupt_all()
