"""Verification checks: the requests that a release must answer rightly, before and after visitors see it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, field_validator

from controller.domain.environment import Name

_SHOWN = 120
"""How many characters of an unexpected answer are shown."""


def _sendable(body: object) -> object:
    if body is None or isinstance(body, str):
        return body
    try:
        json.dumps(body, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"cannot be sent as JSON: {error}") from error
    if isinstance(body, dict):
        return body
    raise ValueError("must be a JSON object (keys and values) or text")


class Check(BaseModel):
    """One request and what its answer must look like. `body` is sent as JSON when it is an object, else as text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    component: Name
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    path: Annotated[str, Field(max_length=2048)]
    status: Annotated[int, Field(ge=100, le=599)] = 200
    contains: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    body: Annotated[dict[str, Any] | str | None, PlainValidator(_sendable)] = None

    @field_validator("path")
    @classmethod
    def _from_the_root(cls, path: str) -> str:
        if not path.startswith("/") or " " in path or not path.isprintable():
            raise ValueError("must begin with '/' and contain no spaces")
        return path

    @property
    def name(self) -> str:
        """What people call it: `GET /health of api`."""
        return f"{self.method} {self.path} of {self.component}"

    @property
    def request(self) -> tuple[str, str, str, bytes | None]:
        """What is asked, without what is expected: two releases may expect different answers to the same request."""
        return self.component, self.method, self.path, self.encoded_body()

    def encoded_body(self) -> bytes | None:
        """The bytes to send, or None."""
        if self.body is None:
            return None
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


@dataclass(frozen=True)
class CheckResult:
    """How a check went; `detail` is one sentence for people."""

    check: str
    passed: bool
    detail: str


def evaluate(check: Check, status: int, body: bytes) -> CheckResult:
    """Compare an answer with what the check expects."""
    if status != check.status:
        return CheckResult(check.name, False, f"expected status {check.status}, got {status}: {_excerpt(body)}")
    if check.contains is not None and check.contains.encode() not in body:
        return CheckResult(check.name, False, f"the answer does not contain {check.contains!r}: {_excerpt(body)}")
    return CheckResult(check.name, True, f"status {status}, as expected")


def evaluate_any(check: Check, others: Sequence[Check], status: int, body: bytes) -> CheckResult:
    """The result of `check`, or of the first of `others` that the same answer passes."""
    results = [evaluate(one, status, body) for one in (check, *others)]
    return next((result for result in results if result.passed), results[0])


def _excerpt(body: bytes) -> str:
    """The beginning of an answer on one line, printable."""
    text = " ".join(body[: 4 * _SHOWN].decode(errors="replace").split())
    clean = "".join(character if character.isprintable() else "?" for character in text)
    if not clean:
        return "(empty answer)"
    return clean if len(clean) <= _SHOWN else f"{clean[:_SHOWN]}…"
