"""A client that makes every call twice, to a fake service and to moto, and insists on the same answer."""
# ruff: noqa: ANN401 - requests and answers are AWS's documents

import io
from collections.abc import Callable
from threading import Lock
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulation.aws.service import Pages, Service

UNLIKE = frozenset(
    {
        "ResponseMetadata",
        "ConsumedCapacity",
        "ItemCollectionMetrics",
        "ChecksumSHA256",
        "VersionId",
        "CopySourceVersionId",
        "LastModified",
        "LastModifiedDate",
    }
)
"""Members that two services may differ in: their own numbers, their own clocks, and what only one of them says."""


class Both:
    """Answers as the fake does."""

    def __init__(self, fake: Service, moto: Any, *, all_members: bool = True) -> None:
        """Without `all_members`, an answer of moto may have more than the fake's."""
        self.fake, self._moto, self._all = fake, moto, all_members
        self._lock = Lock()
        self.exceptions = fake.exceptions
        self.calls = 0

    def get_paginator(self, operation_name: str) -> Pages:
        """Pages of both."""
        return Pages(getattr(self, operation_name), operation_name)

    def __getattr__(self, operation_name: str) -> Callable[..., Any]:
        ours, theirs = getattr(self.fake, operation_name), getattr(self._moto, operation_name)

        def call(**request: Any) -> Any:
            with self._lock:
                self.calls += 1
                mine, other = self._outcome(ours, request), self._outcome(theirs, request)
            wanted = other[1] if self._all else _within(other[1], mine[1])
            if mine[1] != wanted:
                pytest.fail(f"{operation_name}({request}):\nthe fake: {mine[1]}\nmoto:     {wanted}")
            if isinstance(mine[0], ClientError):
                raise mine[0]
            return mine[0]

        return call

    def _outcome(self, call: Callable[..., Any], request: dict[str, Any]) -> tuple[Any, Any]:
        """What came, and the part of it that is compared."""
        try:
            answer = call(**request)
        except ClientError as error:
            said = error.response
            status = said["ResponseMetadata"]["HTTPStatusCode"]
            reasons = [reason["Code"] for reason in said.get("CancellationReasons", [])]
            return error, (said["Error"]["Code"], status, reasons, said.get("Item"))
        if "Body" in answer:
            answer["Body"] = io.BytesIO(answer["Body"].read())
        return answer, _compared(answer)


def _compared(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _compared(member) for name, member in value.items() if name not in UNLIKE}
    if isinstance(value, list):
        return [_compared(member) for member in value]
    return value.getvalue() if isinstance(value, io.BytesIO) else value


def _within(value: Any, other: Any) -> Any:
    """The part of a document that has members of another one."""
    if isinstance(value, dict) and isinstance(other, dict):
        return {name: _within(member, other[name]) for name, member in value.items() if name in other}
    if isinstance(value, list) and isinstance(other, list) and len(value) == len(other):
        return [_within(*pair) for pair in zip(value, other, strict=True)]
    return value
