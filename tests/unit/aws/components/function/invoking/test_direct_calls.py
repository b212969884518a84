import json

import pytest

from controller.aws.components.function.invoking.direct_calls import answer_in
from controller.domain.checks.check import Check, check_answer
from controller.domain.deployment import Revision
from controller.errors import NoAnswerError
from tests.unit.aws.conftest import World

HEALTH = Check(component="api", path="/health", contains="ok")


def judged(payload: object, error: str | None = None) -> tuple[bool, str]:
    """The result of the health check for this result of the function."""
    try:
        result = check_answer(HEALTH, answer_in(json.dumps(payload).encode(), error))
    except NoAnswerError as no_answer:
        return False, str(no_answer)
    return result.passed, result.detail


def test_the_exact_version_is_invoked(world: World) -> None:
    """The alias does not point to it yet, so the version is named; only this component's checks are made."""
    answer = {"Payload": {"statusCode": 200, "body": "ok"}}
    world.functions.answers = {"smartpack-prod-api:7": answer}
    results = world.function().check(Revision("7"), [HEALTH, Check(component="site", path="/")])
    assert [(result.check, result.passed) for result in results] == [("GET /health of api", True)]
    [(name, event)] = world.functions.invoked
    assert (name, event["rawPath"]) == ("smartpack-prod-api:7", "/health")


@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": 200, "body": "ok"},
        {"statusCode": "200", "body": "ok"},
        {"statusCode": 200, "body": "b2s=", "isBase64Encoded": True},
        {"status": "ok"},
        "ok",
    ],
)
def test_every_form_of_an_answer_is_understood(answer: object) -> None:
    """As in HTTP APIs, an answer may be in base64 or without a status."""
    assert judged(answer) == (True, "status 200, as expected")


def test_an_answer_that_the_gateway_would_refuse_fails() -> None:
    """A visitor would get a 500 instead of it."""
    passed, detail = judged({"statusCode": 200, "body": {"ok": True}})
    assert not passed
    assert detail.startswith(
        "`body` of the function's answer is an object instead of text, so API Gateway would answer"
    )


def test_only_the_type_of_a_failure_is_shown() -> None:
    """Messages and stack traces may hold secrets, which must not be in a notification."""
    passed, detail = judged(
        {"errorType": "KeyError", "errorMessage": "hunter2", "stackTrace": ["hunter2"]}, "Unhandled"
    )
    assert (passed, detail) == (False, "the function failed with KeyError")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            "Unable to import module 'app': No module named 'pydantic'",
            ": Unable to import module 'app': No module named",
        ),
        ("Error: Cannot find module 'cors'\nRequire stack:\n- /var/task/app.js", ": Error: Cannot find module 'cors'"),
        ("token=hunter2\x1b", ": token=[redacted]"),
        (None, ""),
    ],
)
def test_code_that_does_not_start_says_what_is_missing(message: str | None, shown: str) -> None:
    """Lambda itself says it, before the code has seen any request; the first line is enough."""
    passed, detail = judged({"errorType": "Runtime.ImportModuleError", "errorMessage": message}, "Unhandled")
    assert not passed
    assert detail.startswith(f"the function failed with Runtime.ImportModuleError{shown}")
    assert "Require stack" not in detail


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("InvalidEntrypoint", "fork/exec /lambda-entrypoint.sh: exec format error"),
        ("InvalidWorkingDir", "chdir /srv: no such file or directory"),
        ("ExitError", "Runtime exited with error: exit status 1"),
    ],
)
def test_an_image_that_does_not_start_says_why(kind: str, words: str) -> None:
    """Lambda's words are shown without the number of its request, which is another one each time."""
    message = f"RequestId: 8f5f4f0e-4f0e-4f0e-8f5f-4f0e8f5f4f0e Error: {words}"
    passed, detail = judged({"errorType": f"Runtime.{kind}", "errorMessage": message}, "Unhandled")
    assert not passed
    assert detail.startswith(f"the function failed with Runtime.{kind}: {words}")


@pytest.mark.parametrize("payload", [None, {"errorType": 5}, {"errorType": "a\nb"}, ["x"]])
def test_a_failure_without_a_type_is_a_failure(payload: object) -> None:
    """Runtimes differ in the errors that they return."""
    assert judged(payload, "Unhandled") == (False, "the function failed with an unknown error")


def test_an_answer_that_is_not_json_fails() -> None:
    """A new version may return anything."""
    with pytest.raises(NoAnswerError, match="the function's answer is not JSON"):
        answer_in(b"<html>", None)
    with pytest.raises(NoAnswerError, match="the function's answer is not JSON"):
        answer_in(b"[" * 200_000, None)


def test_headers_are_returned() -> None:
    """They are in lower case; cookies are headers, too."""
    given = {"statusCode": 200, "headers": {"X-Version": 7}, "cookies": ["a=1", "b=2"]}
    assert answer_in(json.dumps(given).encode(), None).headers == {
        "content-type": "text/plain;charset=UTF-8",
        "set-cookie": "a=1, b=2",
        "x-version": "7",
    }
