"""A function's result is read as API Gateway reads it: what that refuses is no answer."""

import pytest

from controller.domain.checks.function_answers import answer_of
from controller.errors import NoAnswerError

TEXT = {"content-type": "text/plain;charset=UTF-8"}


@pytest.mark.parametrize(
    ("result", "status", "body"),
    [
        ({"statusCode": 200, "body": "ok"}, 200, b"ok"),
        ({"statusCode": "404", "body": None}, 404, b""),
        ({"statusCode": 204}, 204, b""),
        ({"statusCode": 200, "body": "b2s=", "isBase64Encoded": True}, 200, b"ok"),
        ({"statusCode": 200, "body": "b2s=", "isBase64Encoded": False}, 200, b"b2s="),
        ({"status": "ok"}, 200, b'{"status": "ok"}'),
        ({"body": {"x": 1}}, 200, b'{"body": {"x": 1}}'),
        (["x"], 200, b'["x"]'),
        ("ok", 200, b"ok"),
        (None, 200, b"null"),
    ],
)
def test_what_the_gateway_takes_is_an_answer(result: object, status: int, body: bytes) -> None:
    """With a status, or as the body itself."""
    answer = answer_of(result)
    assert (answer.status, answer.body) == (status, body)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"body": {"ok": True}}, "`body` of the function's answer is an object instead of text"),
        ({"body": ["x"]}, "`body` of the function's answer is a list instead of text"),
        ({"body": 5}, "is a number instead of text"),
        ({"body": True}, "is true or false instead of text"),
        ({"body": "!", "isBase64Encoded": True}, "is not in base64"),
        ({"body": "x", "isBase64Encoded": "yes"}, "`isBase64Encoded` of the function's answer is text"),
        ({"isBase64Encoded": []}, "`isBase64Encoded` of the function's answer is a list"),
        ({"headers": ["x"]}, "`headers` of the function's answer are a list"),
        ({"headers": {"x-many": ["1", "2"]}}, "`headers` of the function's answer have a list as a value"),
        ({"cookies": "a=1"}, "`cookies` of the function's answer are no list"),
        ({"cookies": [1]}, "`cookies` of the function's answer are no list"),
        ({"statusCode": "9" * 5000}, "is no status of HTTP"),
        ({"statusCode": "x"}, "`statusCode` of the function's answer is no status of HTTP"),
        ({"statusCode": None}, "is no status of HTTP"),
        ({"statusCode": True}, "is no status of HTTP"),
        ({"statusCode": 0}, "is no status of HTTP"),
        ({"statusCode": 200.5}, "is no status of HTTP"),
        ({"statusCode": "²"}, "is no status of HTTP"),
    ],
)
def test_what_the_gateway_refuses_is_no_answer(result: dict[str, object], reason: str) -> None:
    """Visitors would get a 500; the reason says what to return instead, and shows no contents."""
    with pytest.raises(NoAnswerError) as caught:
        answer_of({"statusCode": 200, **result})
    assert reason in str(caught.value)
    assert "so API Gateway would answer with an error of its own. " in str(caught.value)


def test_headers_and_cookies_are_the_visitors() -> None:
    """Names in lower case; numbers and booleans as text."""
    given = {"statusCode": 200, "headers": {"X-Version": 7, "X-On": True, "x-no": None}, "cookies": ["a=1", "b=2"]}
    assert answer_of(given).headers == {**TEXT, "set-cookie": "a=1, b=2", "x-version": "7", "x-on": "true"}


@pytest.mark.parametrize("result", [{"ok": True}, "ok", None, ["x"]])
def test_a_rest_api_takes_no_bare_body(result: object) -> None:
    """Its visitors would get an error of the gateway instead."""
    assert answer_of({"statusCode": 200, "body": "ok"}, bare=False).body == b"ok"
    with pytest.raises(NoAnswerError, match="`statusCode` of the function's answer is missing, which a REST API needs"):
        answer_of(result, bare=False)
