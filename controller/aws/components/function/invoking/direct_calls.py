"""Invokes a version of a function as an HTTP API would, with payload format 2.0 for event and response."""

import json
from typing import Any
from urllib.parse import parse_qsl

from controller.domain.checks.check import Answer
from controller.domain.checks.function_answers import answer_of
from controller.domain.checks.requests import Request
from controller.errors import NoAnswerError

USER_AGENT = "selfright"
SHOWN = 80


def event_of(request: Request) -> bytes:
    """The event that an HTTP API would send for this request."""
    path, _, query = request.path.partition("?")
    body = request.encoded_body()
    headers = {"host": "localhost", "user-agent": USER_AGENT, **request.sent_headers()}
    event = {
        "version": "2.0",
        "routeKey": f"{request.method} {path}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": _context(request.method, path),
        "isBase64Encoded": False,
    }
    if query:
        event["queryStringParameters"] = _parameters(query)
    if body is not None:
        event["body"] = body.decode()
    return json.dumps(event).encode()


def answer_in(
    payload: bytes, function_error: str | None, milliseconds: float | None = None, *, bare: bool = True
) -> Answer:
    """The HTTP answer that a visitor would get from the function's result, which with `bare` may be the body alone.

    Raises `NoAnswerError` when the function failed, or API Gateway would refuse its result. The message has no contents
    of either, only the type of a failure.
    """
    try:
        result = json.loads(payload or b"null")
    except ValueError as error:
        raise NoAnswerError("the function's answer is not JSON") from error
    if function_error:
        raise NoAnswerError(f"the function failed with {_error_type(result)}")
    return answer_of(result, milliseconds, bare=bare)


def _error_type(answer: Any) -> str:  # noqa: ANN401 - JSON
    kind = answer.get("errorType") if isinstance(answer, dict) else None
    return kind[:SHOWN] if isinstance(kind, str) and kind.isprintable() else "an unknown error"


def _parameters(query: str) -> dict[str, str]:
    """The parameters by name; format 2.0 joins repeated ones with commas."""
    joined: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _context(method: str, path: str) -> dict[str, Any]:
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": USER_AGENT}
    return {
        "accountId": "anonymous",
        "apiId": "selfright",
        "domainName": "localhost",
        "domainPrefix": "localhost",
        "http": http,
        "requestId": "selfright-check",
        "routeKey": f"{method} {path}",
        "stage": "$default",
        "time": "01/Jan/1970:00:00:00 +0000",
        "timeEpoch": 0,
    }
