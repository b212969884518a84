"""The product's clients in a simulation: every operation goes through the gateway."""
# ruff: noqa: ANN401 - AWS's documents

from collections.abc import Callable
from functools import partial
from typing import Any

from botocore.credentials import Credentials

from tests.simulation.aws.s3 import PutEvents
from tests.simulation.aws.service import Pages, Service
from tests.simulation.calls.gateway import Client, Gateway


class SimulatedClient:
    """Stands for botocore's client of one service, as far as the adapters use it."""

    exceptions = Service.exceptions

    def __init__(self, gateway: Callable[[], Gateway], client: Client, credentials: Credentials | None = None) -> None:
        """`gateway` returns that of the run that is under way; `credentials` are asked for keys before every call."""
        self._gateway, self._client, self._credentials = gateway, client, credentials
        self.meta = PutEvents(self.put_object)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        """An operation; it is kept."""
        if operation.startswith("_"):
            raise AttributeError(operation)
        called = partial(self._call, operation)
        setattr(self, operation, called)
        return called

    def get_paginator(self, operation_name: str) -> Pages:
        """The operation's paginator: each page is a call."""
        return Pages(getattr(self, operation_name), operation_name)

    def _call(self, operation: str, **request: Any) -> Any:
        if self._credentials:
            self._credentials.get_frozen_credentials()
        return self._gateway().call(self._client, operation, request)
