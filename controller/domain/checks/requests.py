"""A request as `release.yaml` describes it, without the expected answer."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator

from controller.domain.names import Name
from controller.domain.reading.written import meaning

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_MOST_HEADERS = 30
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_CONNECTION_HEADERS = {
    "connection",
    "content-length",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
"""Headers that belong to the connection: a check cannot set them."""


def _from_the_root(path: str) -> str:
    if not path.startswith("/") or " " in path or not path.isprintable():
        raise ValueError("must begin with '/' and contain no spaces")
    return path


def sendable(body: object) -> object:
    """The body as JSON or text can carry it; raises `ValueError`."""
    if body is None or isinstance(body, str):
        return None if body is None else str(body)
    body = meaning(body)
    try:
        json.dumps(body, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"cannot be sent as JSON: {error}") from error
    if isinstance(body, dict):
        return body
    raise ValueError("must be a JSON object (keys and values) or text")


def header_lines(given: object) -> dict[str, str]:
    """Header name (lower-case) → value as text; raises `ValueError` for a header that no HTTP message can have."""
    if not isinstance(given, Mapping):
        raise ValueError("must hold keys and values")  # noqa: TRY004 - pydantic reads ValueError
    if len(given) > _MOST_HEADERS:
        raise ValueError(f"must have at most {_MOST_HEADERS} headers")
    lines = {}
    for name, value in given.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError("must have names of letters, digits and '-'")
        lines[name.lower()] = _one_line(name, value)
    return lines


def _one_line(name: str, value: object) -> str:
    """A header's value as text."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not isinstance(value, str | int | float) or not (text.isprintable() and text.isascii()):
        raise ValueError(f"must have a line of plain text for '{name}'")
    return text.strip()


def _settable(given: object) -> dict[str, str]:
    lines = header_lines(given)
    if taken := sorted(_CONNECTION_HEADERS & lines.keys()):
        raise ValueError(f"cannot set '{taken[0]}': it belongs to the connection")
    return lines


Body = Annotated[
    dict[str, Any] | str | None, PlainValidator(sendable, json_schema_input_type=dict[str, Any] | str | None)
]
Path = Annotated[str, Field(max_length=2048), AfterValidator(_from_the_root)]


class Request(BaseModel):
    """One request to a component."""

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    component: Name
    """The component of this release that is asked; its URL comes from the environment."""
    method: Method = "GET"
    """The method, GET if unsaid."""
    path: Path
    """The path, and a query if there is one: `/items/42?full=1`."""
    route: Path | None = None
    """The gateway's route that takes it before traffic: `/items/{id}`; only needed where the environment names no API.
    """
    headers: Annotated[dict[str, str], PlainValidator(_settable, json_schema_input_type=dict[str, str])] = {}
    """Headers that are sent: `{Origin: "${CORS_ORIGIN}"}`. Nothing secret."""
    body: Body = None
    """What is sent: an object as JSON, a text as it is. Nothing secret."""

    @property
    def name(self) -> str:
        """Its name in messages: `GET /health of api`."""
        return f"{self.method} {self.path} of {self.component}"

    @property
    def request(self) -> tuple[object, ...]:
        """The request without the expected answer: two releases may expect different answers to the same request."""
        return self.component, self.method, self.path, self.encoded_body(), tuple(sorted(self.headers.items()))

    def encoded_body(self) -> bytes | None:
        """The bytes to send, or None."""
        if self.body is None:
            return None
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()

    def sent_headers(self) -> dict[str, str]:
        """The headers to send: its own, and the type of its body."""
        kind = "application/json" if isinstance(self.body, dict) else "text/plain; charset=utf-8"
        return {**({"content-type": kind} if self.body else {}), **self.headers}
