"""Hooks and rehearsals: what is sent to Lambda, and how the answers are read."""

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from controller.aws.invocations import LambdaHooks, LambdaRehearsals
from controller.errors import TransientError


class FakeFunctions:
    """Answers every invocation in the same way, and keeps what was sent."""

    def __init__(self, payload: object = None, error: str | None = None) -> None:
        self._payload, self._error = payload, error
        self.sent: list[dict[str, Any]] = []

    def invoke(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own request
        """The answer."""
        self.sent.append(request)
        failed = {"FunctionError": self._error} if self._error else {}
        return {"Payload": io.BytesIO(json.dumps(self._payload).encode()), **failed}


def ask(payload: object, error: str | None = None) -> tuple[bool, str] | None:
    """Whether a hook that answers so says yes, and the words for it; None when it answers later."""
    result = LambdaHooks(FakeFunctions(payload, error)).run("smoke", {"version": "1.0.0"})  # type: ignore[arg-type]
    return result and (result.passed, result.detail)


def test_a_hook_says_yes_with_succeeded() -> None:
    """The word is CodeDeploy's."""
    assert ask({"status": "Succeeded"}) == (True, "it said yes")


@pytest.mark.parametrize("status", ["Failed", "Pending", "succeeded", 200])
def test_every_other_status_is_a_no(status: object) -> None:
    """What is not known to be good is not good; and what would be is said."""
    assert ask({"status": status}) == (False, f"it said {status}, not Succeeded")


@pytest.mark.parametrize("payload", [None, True, "Succeeded", {}, {"statusCode": 200}])
def test_who_returns_no_status_answers_later(payload: object) -> None:
    """As CodeDeploy's hooks do, whose return value means nothing."""
    assert ask(payload) is None


class Slow(FakeFunctions):
    """A function that does not return in time, or cannot be reached."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._problem = error

    def invoke(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own request
        """Nobody waits any longer."""
        raise self._problem


def test_a_hook_that_runs_on_may_still_answer_later() -> None:
    """Its end is not waited for, its answer is."""
    slow = Slow(ReadTimeoutError(endpoint_url="https://lambda"))
    assert LambdaHooks(slow).run("smoke", {}) is None  # type: ignore[arg-type]


def test_a_hook_that_cannot_be_reached_is_asked_again() -> None:
    """That passes, and it has not been asked yet."""
    with pytest.raises(TransientError):
        LambdaHooks(Slow(ConnectTimeoutError(endpoint_url="https://lambda"))).run("smoke", {})  # type: ignore[arg-type]


def test_a_hook_can_give_its_reason() -> None:
    """It is what people will read."""
    assert ask({"status": "Failed", "reason": "no stock"}) == (False, "no stock")


def test_a_hook_that_breaks_says_no_by_the_kind_of_its_error_only() -> None:
    """Its message may hold what is nobody's business."""
    assert ask({"errorType": "KeyError", "errorMessage": "secret"}, error="Unhandled") == (
        False,
        "it failed (KeyError)",
    )


def test_a_rehearsal_is_an_event_that_nobody_waits_for() -> None:
    """It names the deployment, and that it is a rehearsal."""
    functions = FakeFunctions()
    LambdaRehearsals("on-alarm", functions).start("d2")  # type: ignore[arg-type]
    (sent,) = functions.sent
    assert (sent["FunctionName"], sent["InvocationType"]) == ("on-alarm", "Event")
    assert json.loads(sent["Payload"]) == {"task": "on_alarm", "deployment_id": "d2", "rehearsal": True}
