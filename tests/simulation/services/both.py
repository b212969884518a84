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
        "VersionId",
        "CopySourceVersionId",
        "LastModified",
        "LastModifiedDate",
    }
)
"""Members that two services may differ in: their own numbers, their own clocks, and what only one of them says."""


class Both:
    """Answers as the fake does."""

    def __init__(self, fake: Service, moto: Any, unlike: frozenset[str] = UNLIKE) -> None:
        """`unlike` are members of answers that are not compared, at any depth."""
        self.fake, self._moto, self._unlike = fake, moto, unlike
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
            if mine[1] != other[1]:
                pytest.fail(f"{operation_name}({request}):\nthe fake: {mine[1]}\nmoto:     {other[1]}")
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
        return answer, self._compared(answer)

    def _compared(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._compared(member) for name, member in value.items() if name not in self._unlike}
        if isinstance(value, list):
            return [self._compared(member) for member in value]
        return value.getvalue() if isinstance(value, io.BytesIO) else value
