"""The edge's requests and responses."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class EdgeRequest:
    """A visitor's request; header names are lower case."""

    method: str
    target: str
    """Path and query, as sent."""
    headers: Mapping[str, str]
    body: bytes
    peer: str
    """The address that the connection came from."""

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> str:
        """The query without the question mark."""
        return urlsplit(self.target).query

    @property
    def visitor(self) -> str:
        """The visitor's address: the first of X-Forwarded-For, or the connection's."""
        return self.headers.get("x-forwarded-for", self.peer).split(",")[0].strip()


@dataclass(frozen=True)
class EdgeResponse:
    """The answer to a visitor."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = field(default=())


def error(status: int, message: str) -> EdgeResponse:
    """An answer in the form that API Gateway gives its own errors."""
    return EdgeResponse(status, json.dumps({"message": message}).encode(), (("content-type", "application/json"),))
