"""Hooks and rehearsals: what is sent to Lambda, and how the answers are read."""

import io
import json
from typing import Any

import pytest

from controller.aws.invocations import LambdaHooks, LambdaRehearsals


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


def ask(payload: object, error: str | None = None) -> tuple[bool, str]:
    """Whether a hook that answers so says yes, and the words for it."""
    result = LambdaHooks(FakeFunctions(payload, error)).run("smoke", {"version": "1.0.0"})  # type: ignore[arg-type]
    return result.passed, result.detail


def test_a_hook_says_yes_with_succeeded() -> None:
    """The word is CodeDeploy's."""
    assert ask({"status": "Succeeded"})[0]


@pytest.mark.parametrize("payload", [None, True, "Succeeded", {}, {"status": "Failed"}, {"status": "Pending"}])
def test_everything_else_is_a_no(payload: object) -> None:
    """What is not known to be good is not good; and what would be is said."""
    passed, detail = ask(payload)
    assert not passed
    assert "Succeeded" in detail


def test_a_hook_can_give_its_reason() -> None:
    """It is what people will read."""
    assert ask({"status": "Failed", "reason": "no stock"}) == (False, "no stock")


def test_a_hook_that_breaks_says_no_by_the_kind_of_its_error_only() -> None:
    """Its message may hold what is nobody's business."""
    passed, detail = ask({"errorType": "KeyError", "errorMessage": "secret"}, error="Unhandled")
    assert not passed
    assert "KeyError" in detail
    assert "secret" not in detail


def test_a_rehearsal_is_an_event_that_nobody_waits_for() -> None:
    """It names the deployment, and that it is a rehearsal."""
    functions = FakeFunctions()
    LambdaRehearsals("on-alarm", functions).start("d2")  # type: ignore[arg-type]
    (sent,) = functions.sent
    assert (sent["FunctionName"], sent["InvocationType"]) == ("on-alarm", "Event")
    assert json.loads(sent["Payload"]) == {"task": "on_alarm", "deployment_id": "d2", "rehearsal": True}
