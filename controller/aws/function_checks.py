"""Asking a version of a function directly, as an HTTP API would: payload format 2.0 there and back."""

import base64
import binascii
import json
from typing import Any
from urllib.parse import parse_qsl

from controller.domain.checks import Check, CheckResult, evaluate

USER_AGENT = "selfright"
SHOWN = 80
FINE = 200


def event_of(check: Check) -> bytes:
    """The event that an HTTP API would send for this request."""
    path, _, query = check.path.partition("?")
    body = check.encoded_body()
    kind = "application/json" if isinstance(check.body, dict) else "text/plain; charset=utf-8"
    headers = {"host": "localhost", "user-agent": USER_AGENT, **({"content-type": kind} if body else {})}
    event = {
        "version": "2.0",
        "routeKey": f"{check.method} {path}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": _context(check.method, path),
        "isBase64Encoded": False,
    }
    if query:
        event["queryStringParameters"] = _parameters(query)
    if body is not None:
        event["body"] = body.decode()
    return json.dumps(event).encode()


def judge(check: Check, payload: bytes, function_error: str | None) -> CheckResult:
    """Compare what the function gave with what the check expects. Of a failure only its type is told: no contents."""
    try:
        answer = json.loads(payload or b"null")
    except ValueError:
        return CheckResult(check.name, False, "the function's answer is not JSON")
    if function_error:
        return CheckResult(check.name, False, f"the function failed with {_error_type(answer)}")
    try:
        status, body = _response(answer)
    except (ValueError, TypeError, binascii.Error):
        return CheckResult(check.name, False, "the function's answer is not a response of an HTTP API")
    return evaluate(check, status, body)


def _response(answer: Any) -> tuple[int, bytes]:  # noqa: ANN401 - JSON
    """Status and body; an answer without `statusCode` is itself the body, as HTTP APIs take it."""
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return FINE, answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
    body = answer.get("body") or ""
    text = body if isinstance(body, str) else json.dumps(body)
    return int(answer["statusCode"]), base64.b64decode(text, validate=True) if answer.get(
        "isBase64Encoded"
    ) else text.encode()


def _error_type(answer: Any) -> str:  # noqa: ANN401 - JSON
    kind = answer.get("errorType") if isinstance(answer, dict) else None
    return kind[:SHOWN] if isinstance(kind, str) and kind.isprintable() else "an unknown error"


def _parameters(query: str) -> dict[str, str]:
    """Repeated parameters are joined with commas, as format 2.0 has it."""
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
