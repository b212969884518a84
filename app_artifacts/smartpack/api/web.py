"""The HTTP API's events (payload 2.0) as requests, and the answers that it expects."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

Json = dict[str, object]

LARGEST_BODY = 16 * 1024
"""Bytes. A trip takes less than one kilobyte."""


class BadRequestError(Exception):
    """The request cannot be read; `status` is the answer's, the text is for the sender."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """What the API needs to know of an HTTP request; `body` is still as the event carried it."""

    method: str
    path: str
    body: str
    is_base64: bool = False

    @classmethod
    def from_event(cls, event: Mapping[str, object]) -> "Request":
        """Read an event of payload format 2.0; missing fields count as empty."""
        context = event.get("requestContext")
        http = context.get("http") if isinstance(context, Mapping) else None
        method = http.get("method") if isinstance(http, Mapping) else None
        path = str(event.get("rawPath") or "/")
        body = event.get("body")
        return cls(str(method or "GET").upper(), path, str(body or ""), bool(event.get("isBase64Encoded")))

    def json(self) -> object:
        """Decode the body; `BadRequestError` (400 or 413) says why it cannot be."""
        content = self._content()
        if len(content) > LARGEST_BODY:
            raise BadRequestError(f"The body has {len(content)} bytes; at most {LARGEST_BODY} are accepted.", 413)
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:  # RecursionError: thousands of nested brackets
            raise BadRequestError(
                "The body is not JSON; expected an object with destination, dates and weather."
            ) from error

    def _content(self) -> bytes:
        if not self.is_base64:
            return self.body.encode(errors="surrogatepass")
        try:
            return base64.b64decode(self.body, validate=True)
        except ValueError as error:
            raise BadRequestError("The body is said to be base64 and is not.") from error


def respond(status: int, body: Json, headers: Mapping[str, str]) -> dict[str, object]:
    """Make the answer that the HTTP API turns into a response: JSON, and never kept by a cache."""
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json; charset=utf-8", "cache-control": "no-store", **headers},
        "body": json.dumps(body, separators=(",", ":")),
        "isBase64Encoded": False,
    }
