"""Hooks and rehearsals: what is sent to Lambda, and how the answers are read."""

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError

from controller.aws.client.clients import Clients
from controller.aws.invocations import BUSY_PAUSES, LambdaHooks, LambdaRehearsals, LambdaTasks
from controller.domain.deployment import Revision
from controller.errors import AwsError, TransientError, TrippedError
from controller.ports.signals import HookAnswer, TaskAnswer
from tests.unit.flow.scenes import an_environment


class FakeFunctions:
    """Answers every invocation in the same way, and keeps the requests."""

    def __init__(self, payload: object = None, error: str | None = None) -> None:
        self._payload, self._error = payload, error
        self.sent: list[dict[str, Any]] = []

    def invoke(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own request
        """The answer."""
        self.sent.append(request)
        failed = {"FunctionError": self._error} if self._error else {}
        return {"Payload": io.BytesIO(json.dumps(self._payload).encode()), **failed}


def answer(functions: Any, name: str, occasion: dict[str, Any]) -> HookAnswer | None:  # noqa: ANN401 - a client
    """What a hook of an environment answers."""
    clients = Clients()
    clients.hook_invoker = functions
    return LambdaHooks(clients).run(an_environment(), name, occasion)


def ask(payload: object, error: str | None = None) -> tuple[str, str] | None:
    """What a hook with this result says, and its reason; None when it answers later."""
    result = answer(FakeFunctions(payload, error), "smoke", {"version": "1.0.0"})
    return result and (result.outcome, result.reason)


def test_a_hook_agrees_with_succeeded() -> None:
    """CodeDeploy's hooks return the same word."""
    assert ask({"status": "Succeeded"}) == ("allowed", "it agreed")


@pytest.mark.parametrize("status", ["Failed", "Pending", "succeeded", 200])
def test_every_other_status_refuses(status: object) -> None:
    """An unknown status is not good, and the message names the good one."""
    assert ask({"status": status}) == ("refused", f"it returned the status {status}, not Succeeded")


@pytest.mark.parametrize("payload", [None, True, "Succeeded", {}, {"statusCode": 200}])
def test_a_hook_without_a_status_answers_later(payload: object) -> None:
    """CodeDeploy's hooks do the same: their return value means nothing."""
    assert ask(payload) is None


class Slow(FakeFunctions):
    """A function that does not return in time, or cannot be reached."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._problem = error

    def invoke(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own request
        """Fail as botocore does."""
        raise self._problem


def test_a_hook_that_runs_on_may_still_answer_later() -> None:
    """The workflow waits for its answer, but not for its end."""
    slow = Slow(ReadTimeoutError(endpoint_url="https://lambda"))
    assert answer(slow, "smoke", {}) is None


def test_a_hook_that_cannot_be_reached_is_called_again() -> None:
    """The fault is transient, and the hook has not been called yet."""
    with pytest.raises(TransientError):
        answer(Slow(ConnectTimeoutError(endpoint_url="https://lambda")), "smoke", {})


def test_a_hook_may_say_not_now() -> None:
    """With a reason or without one: that is no refusal."""
    assert ask({"status": "NotNow", "reason": "a freeze"}) == ("not_now", "a freeze")
    assert ask({"status": "NotNow"}) == ("not_now", "not now")


def test_a_hook_can_give_its_reason() -> None:
    """People read this reason."""
    assert ask({"status": "Failed", "reason": "no stock"}) == ("refused", "no stock")


def test_a_hook_that_fails_refuses_and_only_the_type_of_its_error_is_shown() -> None:
    """The error's message may hold secrets."""
    assert ask({"errorType": "KeyError", "errorMessage": "secret"}, error="Unhandled") == (
        "failed",
        "it failed (KeyError)",
    )
    token = "ghp_" + "a1B2" * 9
    assert token not in str(ask({"errorType": f"{token} is wrong"}, error="Unhandled"))


def test_a_rehearsal_is_an_asynchronous_event() -> None:
    """The event names the deployment, and says that it is a rehearsal."""
    functions = FakeFunctions()
    LambdaRehearsals("on-alarm", functions).start("d2")  # type: ignore[arg-type]
    (sent,) = functions.sent
    assert (sent["FunctionName"], sent["InvocationType"]) == ("on-alarm", "Event")
    assert json.loads(sent["Payload"]) == {"task": "on_alarm", "deployment_id": "d2", "rehearsal": True}


class TaskClients(Clients):
    """Clients of which only the one for tasks is asked; `waited` is how long it would wait."""

    def __init__(self, functions: Any) -> None:  # noqa: ANN401 - a client
        super().__init__()
        self._functions, self.waited = functions, 0

    def task_invoker(self, seconds: int) -> Any:  # noqa: ANN401 - a client
        """The client of the test."""
        self.waited = seconds
        return self._functions


def may_begin() -> None:
    """Always."""


def run(functions: Any, component: str = "api", slept: list[float] | None = None) -> TaskAnswer:  # noqa: ANN401 - a client
    """How a task of ten minutes ends."""
    tasks = LambdaTasks(TaskClients(functions), [].append if slept is None else slept.append)
    return tasks.run(an_environment(), component, Revision("7"), {"do": "migrate"}, 600, may_begin)


def test_a_task_invokes_the_staged_version_itself() -> None:
    """Not the alias, with the event as it is, and for as long as the task may take."""
    functions = FakeFunctions({"migrated": 3})
    clients = TaskClients(functions)
    answer = LambdaTasks(clients).run(an_environment(), "api", Revision("7"), {"do": "migrate"}, 600, may_begin)
    assert answer == TaskAnswer("succeeded", 'it succeeded, and returned {"migrated": 3}')
    assert functions.sent == [{"FunctionName": "f:7", "Payload": b'{"do": "migrate"}'}]
    assert clients.waited == 600


def test_what_a_task_returns_is_shown_without_secrets() -> None:
    """Everybody who may read the timeline reads it."""
    said = run(FakeFunctions({"token": "hunter2hunter2", "rows": 4})).said
    assert ("hunter2" in said, '"rows": 4' in said) == (False, True)


def test_a_task_whose_function_fails_has_failed() -> None:
    """With its error, without secrets."""
    answer = run(FakeFunctions({"errorType": "KeyError", "errorMessage": "password=hunter2hunter2"}, "Unhandled"))
    assert answer.outcome == "failed"
    assert answer.said == "it failed (KeyError: password=[redacted])"


@pytest.mark.parametrize(
    "error",
    [
        {"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: 6f0 Error: Task timed out after 300.00 seconds"},
        {"errorMessage": "2026-11-30T17:00:00.000Z 6f747a Task timed out after 300.00 seconds"},
    ],
)
def test_a_task_that_lambda_ends_has_not_failed(error: dict[str, str]) -> None:
    """The function's own timeout says nothing about the version; and nothing of it runs any more."""
    answer = run(FakeFunctions(error, "Unhandled"))
    assert (answer.outcome, answer.over) == ("late", True)
    assert "Lambda ended it after the function's own timeout" in answer.said


def test_a_function_that_speaks_of_a_timeout_has_failed() -> None:
    """It ended by itself, with an error of its own."""
    error = {"errorType": "LockError", "errorMessage": "Task timed out after 3 tries"}
    assert run(FakeFunctions(error, "Unhandled")).outcome == "failed"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "succeeded"), (404, "failed"), (500, "failed"), (True, "succeeded"), ("fine", "succeeded")],
)
def test_a_task_that_answers_as_to_a_bad_request_has_failed(status: object, outcome: str) -> None:
    """A handler that does not know the event says so by a status."""
    assert run(FakeFunctions({"statusCode": status, "body": "no such route"})).outcome == outcome


@pytest.mark.parametrize("status", [500.0, "500", "500 ", "5e2"])
def test_a_status_counts_in_every_form_of_a_number(status: object) -> None:
    """Not every language writes it as Python does."""
    assert run(FakeFunctions({"statusCode": status})).outcome == "failed"


@pytest.mark.parametrize("payload", [b"[" * 200_000, b'{"statusCode": 1' + b"0" * 5000 + b"}"])
def test_an_answer_that_python_cannot_read_is_an_answer(payload: bytes) -> None:
    """The task has run: it must not be run again because nobody understands what it returned."""
    functions = FakeFunctions()
    functions.invoke = lambda **_: {"Payload": io.BytesIO(payload)}  # type: ignore[method-assign]
    assert run(functions).outcome == "succeeded"


def test_a_status_of_thousands_of_digits_is_a_bad_one() -> None:
    """Python reads no such number."""
    assert run(FakeFunctions({"statusCode": "9" * 5000})).outcome == "failed"


def test_a_task_that_takes_too_long_is_late() -> None:
    """It may still be running, so it is not begun again."""
    answer = run(Slow(ReadTimeoutError(endpoint_url="https://lambda")))
    assert answer == TaskAnswer("late", "it has not ended within 10m, and may still be running")


def test_a_task_without_an_answer_is_not_begun_again_here() -> None:
    """Nobody knows whether it ran."""
    with pytest.raises(TransientError):
        run(Slow(ConnectionClosedError(endpoint_url="https://lambda")))


def test_a_task_that_lambda_is_too_busy_for_is_begun_again() -> None:
    """What was refused did not run; after half a minute people are told."""
    response: Any = {"Error": {"Code": "TooManyRequestsException", "Message": "Rate exceeded"}}
    slept: list[float] = []
    with pytest.raises(AwsError, match="too many requests") as caught:
        run(Slow(ClientError(response, "Invoke")), slept=slept)
    assert not caught.value.transient
    assert slept == list(BUSY_PAUSES)


def test_a_task_is_not_begun_again_for_a_release_that_has_tripped_meanwhile() -> None:
    """Lambda was too busy for it at first."""
    response: Any = {"Error": {"Code": "TooManyRequestsException", "Message": "Rate exceeded"}}
    busy, asked = Slow(ClientError(response, "Invoke")), []

    def permit() -> None:
        asked.append(1)
        if len(asked) > 1:
            raise TrippedError("Too many errors.")

    with pytest.raises(TrippedError):
        LambdaTasks(TaskClients(busy), lambda _: None).run(an_environment(), "api", Revision("7"), {}, 600, permit)
    assert len(asked) == 2


def test_only_functions_run_tasks() -> None:
    """An environment may have changed since the release was accepted."""
    with pytest.raises(AwsError, match="only functions run tasks"):
        run(FakeFunctions(), "site")
