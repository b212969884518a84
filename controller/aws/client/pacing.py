"""The rate limit for AWS Lambda's control plane, which takes 15 requests a second from an account and refuses the rest.

A deployment that goes forward takes every request from the budget that all functions of the controller share
(`budget.py`). A rollback takes nothing from it: it limits only its own rate, so that its requests do not make AWS
refuse each other, and its first requests do not wait at all. A request that AWS refuses nevertheless is tried again
after a random pause (full jitter: anything from zero up to a bound that doubles) until a deadline, because requests
that were refused in the same moment must not all return in the same moment.

https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/ says why.
"""
# ruff: noqa: ANN401 - any operation of the client

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from controller import clock
from controller.aws.client.calls import error_code
from controller.aws.client.clients import Clients

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

RATE = 15
"""Requests a second for all operations but invocations, in one account and region. AWS does not raise it."""
FREE = frozenset({"invoke", "get_function", "get_policy", "can_paginate", "close"})
"""Operations outside the limit, and attributes that are not API calls. A listing counts its first page only."""
REFUSALS = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded"})
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
FORWARD_PATIENCE, URGENT_PATIENCE = 20.0, 90.0
"""Seconds for which a refused request is tried again. A rollback tries longest: visitors wait for it."""


@dataclass(frozen=True)
class Time:
    """The clock, the sleep and the random share (0 to 1) of the pauses; tests have their own."""

    now: Callable[[], float] = clock.monotonic
    sleep: Callable[[float], None] = clock.sleep
    share: Callable[[], float] = clock.share


class Pace:
    """Allows `rate` calls a second after a first `burst` of calls: the generic cell rate algorithm."""

    def __init__(self, time: Time | None = None, rate: float = RATE, burst: int = RATE) -> None:
        self._time, self._gap, self._slack = time or Time(), 1 / rate, (burst - 1) / rate
        self._next, self._lock = float("-inf"), Lock()

    def take(self) -> None:
        """Wait until this call is due; calls are due in the order in which they came."""
        with self._lock:
            now = self._time.now()
            due = max(self._next, now - self._slack)
            self._next = due + self._gap
        if due > now:
            self._time.sleep(due - now)


def paced(clients: Clients, take: Callable[[], None], patience: float, time: Time | None = None) -> Clients:
    """The same clients, but with a paced client of AWS Lambda (except for invocations)."""
    made = copy(clients)
    made.functions = cast("LambdaClient", Paced(lambda: clients.functions, take, patience, time))
    return made


class Paced:
    """A client of AWS Lambda whose requests each wait for `take`, and are tried again while AWS refuses them.

    It raises what the client raises, but a refusal only after `patience` seconds.
    """

    def __init__(
        self, client: Callable[[], Any], take: Callable[[], None], patience: float, time: Time | None = None
    ) -> None:
        """`client` makes the client when it is first needed."""
        self._client, self._take, self._patience = client, take, patience
        self._time = time or Time()

    def __getattr__(self, operation: str) -> Any:
        """An operation of the client, paced; any other attribute as it is."""
        found = getattr(self._client(), operation)
        if operation in FREE or operation.startswith("_") or not callable(found):
            return found
        method: Callable[..., Any] = found
        return lambda *names, **request: self._call(lambda: method(*names, **request))

    def _call(self, call: Callable[[], Any]) -> Any:
        until, most = self._time.now() + self._patience, FIRST_PAUSE
        while True:
            self._take()
            try:
                return call()
            except ClientError as error:
                if error_code(error) not in REFUSALS or self._time.now() >= until:
                    raise
            self._time.sleep(self._time.share() * most)
            most = min(2 * most, LONGEST_PAUSE)
