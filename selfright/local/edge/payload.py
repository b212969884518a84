"""API Gateway's HTTP API, payload format 2.0: a request becomes an event, a function's result becomes a response."""

import base64
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from selfright.local.edge.http import EdgeRequest, EdgeResponse, error
from selfright.local.place import ACCOUNT


def event(request: EdgeRequest) -> dict[str, Any]:
    """The event that an HTTP API would send to the function."""
    route = f"{request.method} {request.path}"
    body, encoded = _body(request.body)
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": dict(request.headers),
        "queryStringParameters": _parameters(request.query),
        "requestContext": _context(request, route),
        "body": body,
        "isBase64Encoded": encoded,
    }


def response(result: object) -> EdgeResponse:
    """The response that an HTTP API would make from a function's result.

    A result without `statusCode` is the body of a 200, as on AWS.
    """
    if not isinstance(result, Mapping) or "statusCode" not in result:
        return EdgeResponse(200, json.dumps(result).encode(), (("content-type", "application/json"),))
    try:
        status = int(result["statusCode"])
        body = _result_body(result)
    except (TypeError, ValueError):
        return error(500, "Internal Server Error")
    if any(isinstance(value, dict | list) for value in (result.get("headers") or {}).values()):
        return error(500, "Internal Server Error")
    given = ((str(name).lower(), str(value)) for name, value in (result.get("headers") or {}).items())
    headers = [header for header in given if header[0] != "content-length"]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain;charset=UTF-8"))
    cookies = [("set-cookie", str(cookie)) for cookie in result.get("cookies") or []]
    return EdgeResponse(status, body, (*headers, *cookies))


def _context(request: EdgeRequest, route: str) -> dict[str, Any]:
    now = time.time()
    return {
        "accountId": ACCOUNT,
        "apiId": "local",
        "domainName": request.headers.get("host", "127.0.0.1"),
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.visitor,
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": str(uuid.uuid4()),
        "routeKey": route,
        "stage": "$default",
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "timeEpoch": int(now * 1000),
    }


def _parameters(query: str) -> dict[str, str]:
    """Repeated parameters are joined with commas, as format 2.0 does."""
    joined: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(body: bytes) -> tuple[str | None, bool]:
    if not body:
        return None, False
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True


def _result_body(result: Mapping[str, Any]) -> bytes:
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise TypeError("a body is text")
    return base64.b64decode(body, validate=True) if result.get("isBase64Encoded") else body.encode()
