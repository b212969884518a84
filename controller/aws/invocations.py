"""Lambda functions that the flow calls: the application's hooks, and the controller's own alarm function."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.client.deploy_roles import ClientsOf
from controller.domain.checks.redaction import redacted
from controller.domain.environment import Environment
from controller.errors import TransientError
from controller.ports.signals import HookAnswer, Hooks, Rehearsals

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

SUCCEEDED, NOT_NOW = "Succeeded", "NotNow"
SHOWN = 300
STILL_RUNNING = "ReadTimeoutError"
"""The code of the error when the function was called and has not returned in time."""


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
            return HookAnswer(function_name, "failed", f"it failed ({error_type})")
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


def _field(payload: bytes, name: str) -> str:
    try:
        document = json.loads(payload)
    except ValueError:
        return ""
    return str(document.get(name, "")) if isinstance(document, dict) else ""
