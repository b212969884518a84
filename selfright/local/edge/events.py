"""The events of a function at an edge location, and what becomes of its results."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from selfright.local.edge.http import EdgeResponse

Result = Mapping[str, Any]
BAD = 400
GENERATED = "FunctionGeneratedResponse from cloudfront"


def request_event(method: str, uri: str, query: str, address: str, headers: Mapping[str, str]) -> Result:
    """The event of a viewer's request."""
    return {
        "version": "1.0",
        "context": {"eventType": "viewer-request"},
        "viewer": {"ip": address},
        "request": {
            "method": method,
            "uri": uri,
            "querystring": _query(query),
            "headers": {name: {"value": value} for name, value in headers.items() if name != "cookie"},
            "cookies": {},
        },
    }


def generated(result: Result) -> EdgeResponse:
    """The answer of the function itself, which no cache keeps."""
    body = result.get("body") or ""
    text = str(body["data"]) if isinstance(body, Mapping) else str(body)
    return EdgeResponse(int(result["statusCode"]), text.encode(), (*_fields(result), ("x-cache", GENERATED)))


def seen(run: Callable[[Result], Result], request: Result, answer: EdgeResponse) -> EdgeResponse:
    """What the function makes of an answer; of one with status 400 or more CloudFront shows it nothing."""
    if answer.status >= BAD:
        return answer
    response = {
        "statusCode": answer.status,
        "statusDescription": HTTPStatus(answer.status).phrase,
        "headers": {name: {"value": value} for name, value in answer.headers},
        "cookies": {},
    }
    event = {**request, "context": {"eventType": "viewer-response"}, "response": response}
    result = run(event)
    return EdgeResponse(int(result["statusCode"]), answer.body, _fields(result))


def _query(query: str) -> dict[str, Any]:
    """CloudFront decodes nothing of a query."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query.replace("%", "%25").replace("+", "%2B"), keep_blank_values=True):
        values = [*found.get(name, {}).get("multiValue", []), {"value": value}]
        found[name] = {"value": values[0]["value"], "multiValue": values}
    return {name: one if len(one["multiValue"]) > 1 else {"value": one["value"]} for name, one in found.items()}


def _fields(result: Result) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), str(field["value"])) for name, field in (result.get("headers") or {}).items())
