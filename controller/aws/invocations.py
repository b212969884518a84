"""Lambda functions that the flow calls: hooks and tasks of the application, and the controller's own alarm function."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from controller import clock
from controller.aws.client.calls import STILL_RUNNING, THROTTLED, calling
from controller.aws.client.clients import Clients
from controller.aws.client.deploy_roles import ClientsOf
from controller.domain.checks.redaction import redacted
from controller.domain.components.function.target import LambdaTarget
from controller.domain.deployment import Revision
from controller.domain.durations import written
from controller.domain.environment import Environment
from controller.errors import AwsError, TransientError
from controller.ports.signals import HookAnswer, Hooks, Rehearsals, TaskAnswer, Tasks

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

SUCCEEDED, NOT_NOW = "Succeeded", "NotNow"
SHOWN = 300
DIGITS = 9
"""No status has more."""
TIMED_OUT, TIMED_OUT_AFTER = "Sandbox.Timedout", "Task timed out after "
"""The type of the error with which Lambda ends a function, and what it says without a type."""
BUSY_PAUSES = (1, 2, 4, 8, 16)
"""Seconds until a task is begun again that Lambda refused, because there were too many requests."""


class LambdaHooks(Hooks):
    """Implements `ports.Hooks`: a hook agrees by returning `{"status": "Succeeded"}`, as CodeDeploy's hooks do.

    With `NotNow` it is asked again later; every other status refuses. A hook that returns no status answers later. So
    may a hook that is still running when the wait for it is over.
    """

    def __init__(self, clients: ClientsOf | None = None) -> None:
        """`clients` gives those for an environment (default: the process's own)."""
        self._clients = clients or Clients()

    def run(self, environment: Environment, function_name: str, occasion: Mapping[str, Any]) -> HookAnswer | None:
        """Call the hook and wait for it to return; None when it has not answered yet."""
        try:
            with calling("lambda:InvokeFunction", function_name):
                functions = self._clients.of(environment).hook_invoker
                answer = functions.invoke(FunctionName=function_name, Payload=json.dumps(occasion).encode())
                payload = answer["Payload"].read()
        except TransientError as error:
            if error.code != STILL_RUNNING:
                raise
            return None
        if "FunctionError" in answer:
            error_type = _field(payload, "errorType") or answer["FunctionError"]
            return HookAnswer(function_name, "failed", f"it failed ({redacted(error_type[: 4 * SHOWN])[:SHOWN]})")
        return _answer(function_name, payload)


def _answer(hook: str, payload: bytes) -> HookAnswer | None:
    """What the hook returned, as its answer; None when it returned no status."""
    status, said = _field(payload, "status"), redacted(_field(payload, "reason")[: 4 * SHOWN])[:SHOWN]
    if not status:
        return None
    if status == SUCCEEDED:
        return HookAnswer(hook, "allowed", "it agreed")
    if status == NOT_NOW:
        return HookAnswer(hook, "not_now", said or "not now")
    unknown = redacted(f"it returned the status {status[:SHOWN]}, not {SUCCEEDED}")[:SHOWN]
    return HookAnswer(hook, "refused", said or unknown)


class LambdaTasks(Tasks):
    """Implements `ports.Tasks`: a task has failed if its function did, or answered with a `statusCode` above 399.

    Many handlers catch what goes wrong, or do not know the event, and say so like that.
    """

    def __init__(self, clients: ClientsOf | None = None, sleep: Callable[[float], None] = clock.sleep) -> None:
        """`clients` gives those for an environment (default: the process's own)."""
        self._clients, self._sleep = clients or Clients(), sleep

    def run(  # noqa: PLR0913, PLR0917 - what is invoked, with what, for how long, and whether it may be
        self,
        environment: Environment,
        component: str,
        revision: Revision,
        event: Mapping[str, Any],
        limit: int,
        may_begin: Callable[[], object],
    ) -> TaskAnswer:
        """Invoke the version itself, which the alias does not point to yet."""
        target = environment.components[component]
        if not isinstance(target, LambdaTarget):
            raise AwsError(f"{component} is a {target.kind} in {environment.key}: only functions run tasks.")
        functions = self._clients.of(environment).task_invoker(limit)
        try:
            version, sent = f"{target.function_name}:{revision.id}", json.dumps(event).encode()
            return self._answer(functions, version, sent, may_begin)
        except TransientError as error:
            if error.code != STILL_RUNNING:
                raise
            return TaskAnswer("late", f"it has not ended within {written(limit)}, and may still be running")

    def _answer(
        self, functions: "LambdaClient", version: str, event: bytes, may_begin: Callable[[], object]
    ) -> TaskAnswer:
        for pause in BUSY_PAUSES:
            may_begin()
            try:
                with calling("lambda:InvokeFunction", version):
                    answer = functions.invoke(FunctionName=version, Payload=event)
                    return _ended(answer["Payload"].read(), failed="FunctionError" in answer)
            except TransientError as error:
                if error.code not in THROTTLED:
                    raise
                self._sleep(pause)
        msg = f"Lambda has refused lambda:InvokeFunction on {version} for half a minute: there are too many requests."
        raise AwsError(f"{msg} Look at its reserved concurrency, and release again.")


def _ended(payload: bytes, *, failed: bool) -> TaskAnswer:
    """How a function ended, with the beginning of what it said."""
    text = payload[: 4 * SHOWN].decode(errors="replace")
    if failed:
        kind, message = _field(payload, "errorType"), _field(payload, "errorMessage")
        shown = redacted((": ".join(filter(None, (kind, message))) or text)[: 4 * SHOWN])[:SHOWN]
        if kind == TIMED_OUT or (not kind and TIMED_OUT_AFTER in message):
            return TaskAnswer("late", f"Lambda ended it after the function's own timeout ({shown})", over=True)
        return TaskAnswer("failed", f"it failed ({shown})")
    status = _field(payload, "statusCode").strip()
    if _number(status) >= HTTPStatus.BAD_REQUEST:
        return TaskAnswer("failed", f"it answered with status {redacted(status[:DIGITS])}: {redacted(text)[:SHOWN]}")
    return TaskAnswer("succeeded", f"it succeeded, and returned {redacted(text)[:SHOWN]}")


class LambdaRehearsals(Rehearsals):
    """Implements `ports.Rehearsals` by an asynchronous invocation, for whose result nothing waits."""

    def __init__(self, function_name: str, functions: "LambdaClient | None" = None) -> None:
        """`function_name` names the function that acts on alarms; `functions` is the client to use."""
        self._name = function_name
        self._functions = functions or Clients().functions

    def start(self, deployment_id: str) -> None:
        """Send the event."""
        event = json.dumps({"task": "on_alarm", "deployment_id": deployment_id, "rehearsal": True}).encode()
        with calling("lambda:InvokeFunction", self._name):
            self._functions.invoke(FunctionName=self._name, InvocationType="Event", Payload=event)


def _number(text: str) -> float:
    """The number that the text says, in any form of JSON (`500`, `500.0`, `5e2`); 0 when it says none."""
    try:
        return float(text)
    except ValueError:
        return 0


def _field(payload: bytes, name: str) -> str:
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        return ""
    return str(document.get(name, "")) if isinstance(document, dict) else ""
