"""What the fake services have in common: operations that answer and refuse as botocore's clients do, and paging.

A service is only state and rules: an operation is executed at once, when it is called, and takes no time. Whoever
stands in front of it decides when it is called (late, twice, never), and whether the answer comes back.
"""
# ruff: noqa: ANN401 - requests and answers are AWS's documents

import functools
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

PAGED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "get_parameters_by_path": ("MaxResults", {"NextToken": "NextToken"}),
    "get_parameter_history": ("MaxResults", {"NextToken": "NextToken"}),
    "list_pipes": ("Limit", {"NextToken": "NextToken"}),
    "list_rule_names_by_target": ("Limit", {"NextToken": "NextToken"}),
    "list_schedules": ("MaxResults", {"NextToken": "NextToken"}),
    "list_event_source_mappings": ("MaxItems", {"Marker": "NextMarker"}),
    "list_aliases": ("MaxItems", {"Marker": "NextMarker"}),
    "list_versions_by_function": ("MaxItems", {"Marker": "NextMarker"}),
    "list_provisioned_concurrency_configs": ("MaxItems", {"Marker": "NextMarker"}),
    "list_objects_v2": ("MaxKeys", {"ContinuationToken": "NextContinuationToken"}),
    "list_object_versions": ("MaxKeys", {"KeyMarker": "NextKeyMarker", "VersionIdMarker": "NextVersionIdMarker"}),
    "query": ("Limit", {"ExclusiveStartKey": "LastEvaluatedKey"}),
    "scan": ("Limit", {"ExclusiveStartKey": "LastEvaluatedKey"}),
    "describe_alarms": ("MaxRecords", {"NextToken": "NextToken"}),
    "get_metric_data": ("MaxDatapoints", {"NextToken": "NextToken"}),
}
"""Operation → where a page's size is said, and: member of the next request → member of the answer that it has."""


class Refusal(Exception):  # noqa: N818 - AWS refuses; the client's error is made from it
    """A service refuses: the error's code, its message, the HTTP status, and more members of the answer."""

    def __init__(self, code: str, message: str = "", status: int = 400, **more: Any) -> None:
        super().__init__(code, message)
        self.code, self.message, self.status, self.more = code, message, status, more


@functools.cache
def error_class(code: str) -> type[ClientError]:
    """The class of a code, as `client.exceptions` has it."""
    return type(code, (ClientError,), {})


def client_error(refusal: Refusal, operation_name: str) -> ClientError:
    """What a client raises for a refusal."""
    answer: dict[str, Any] = {
        "Error": {"Code": refusal.code, "Message": refusal.message},
        "ResponseMetadata": metadata(refusal.status),
        **refusal.more,
    }
    return error_class(refusal.code)(answer, operation_name)


def metadata(status: int = 200, **headers: str) -> dict[str, Any]:
    """The part of an answer that tells of HTTP; of the headers only those that matter."""
    return {"HTTPStatusCode": status, "HTTPHeaders": headers, "RetryAttempts": 0}


def operation(method: Callable[..., dict[str, Any] | None]) -> Callable[..., dict[str, Any]]:
    """Make a method an operation: keywords in, botocore's answer or `ClientError` out."""
    name = "".join(part.capitalize() for part in method.__name__.split("_"))

    @functools.wraps(method)
    def call(service: "Service", **request: Any) -> dict[str, Any]:
        try:
            answer = method(service, **request) or {}
        except Refusal as refusal:
            raise client_error(refusal, name) from None
        answer.setdefault("ResponseMetadata", metadata())
        return answer

    return call


@dataclass(frozen=True)
class Pages:
    """A paginator over any caller of the operation: one call for each page, when the page is asked for."""

    call: Callable[..., Mapping[str, Any]]
    operation_name: str

    def paginate(self, PaginationConfig: Mapping[str, Any] | None = None, **request: Any) -> Iterator[Any]:  # noqa: N803
        """The pages in order."""
        size, markers = PAGED[self.operation_name]
        if page_size := (PaginationConfig or {}).get("PageSize"):
            request[size] = page_size
        while True:
            page = self.call(**request)
            yield page
            following = {marker: page[answered] for marker, answered in markers.items() if page.get(answered)}
            if not following:
                return
            request |= following


class _Exceptions:
    """`client.exceptions`."""

    def __getattr__(self, code: str) -> type[ClientError]:
        if code.startswith("__"):
            raise AttributeError(code)
        return error_class(code)


class Journal:
    """What was there before each write of the last minute, for reads that are behind."""

    KEPT = timedelta(minutes=1)

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._entries: deque[tuple[datetime, Hashable, Any]] = deque()

    def note(self, key: Hashable, before: Any) -> None:
        """Note what a write replaces; None for nothing."""
        at = self._now()
        while self._entries and self._entries[0][0] < at - self.KEPT:
            self._entries.popleft()
        self._entries.append((at, key, before))

    def before(self, lag: float) -> dict[Hashable, Any]:
        """Key → what was there this many seconds ago, for everything that was written since."""
        found: dict[Hashable, Any] = {}
        if lag:
            cutoff = self._now() - timedelta(seconds=lag)
            for at, key, before in self._entries:
                if at > cutoff:
                    found.setdefault(key, before)
        return found

    def seen(self, key: Hashable, present: Any, lag: float) -> Any:
        """What a read that is this many seconds behind sees under a key."""
        return self.before(lag).get(key, present) if lag else present


class Service:
    """A service that can stand in for its client.

    `lag` is how many seconds (at most 60) reads are behind that AWS does not promise to be consistent. Set it for a
    call, and set it back to 0 after it.
    """

    exceptions = _Exceptions()
    lag = 0.0

    def __init__(self, now: Callable[[], datetime]) -> None:
        """`now` is the time of day, aware of its zone."""
        self._now = now

    def get_paginator(self, operation_name: str) -> Pages:
        """The operation's paginator."""
        return Pages(getattr(self, operation_name), operation_name)


def page(found: list[Any], token: str | None, size: int) -> tuple[list[Any], str | None]:
    """The part of a list that begins at a token, and the next token."""
    start = int(token or 0)
    end = start + size
    return found[start:end], str(end) if end < len(found) else None
