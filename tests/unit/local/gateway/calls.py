"""Calls of AWS and their answers, as they are on the wire."""

import json
from collections.abc import Mapping

from selfright.local.gateway.wire import AwsCall, of_root, response


def call(
    service: str, target: str = "", body: Mapping[str, object] | None = None, *, path: str = "/", method: str = "GET"
) -> AwsCall:
    """A call of a service: one of its targets with a body, or a method and a path."""
    content = json.dumps(body).encode() if body is not None else b""
    lines = [f"X-Amz-Target: Service.{target}"] if target else []
    method = "POST" if target else method
    headers = {"x-amz-target": f"Service.{target}"} if target else {}
    lines.append(f"Content-Length: {len(content)}")
    head = (f"{method} {path} HTTP/1.1".encode(), *(line.encode() for line in lines))
    return of_root(AwsCall(method, path, headers, head, content), service)


def ok(body: Mapping[str, object] | bytes, kind: str = "application/json") -> bytes:
    """A good answer."""
    return response(200, kind, body if isinstance(body, bytes) else json.dumps(body).encode())


def said(answer: bytes) -> object:
    """The JSON of an answer."""
    return json.loads(answer.partition(b"\r\n\r\n")[2])
