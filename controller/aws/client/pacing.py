"""How AWS Lambda's control plane is called: it takes 15 requests a second from a whole account, and refuses the rest.

Going forward, every request is asked of the budget that all functions of the controller share (`budget.py`). Going
back, nobody is asked: a rollback keeps to the rate only by itself, so that its own requests do not refuse each other,
and its first ones are not kept waiting at all. What is refused nevertheless is tried again after a random pause (full
jitter: anything from nothing up to a bound that doubles) until a deadline, because the others who were refused in the
same moment must not all come back in the same moment.

https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/ says why.
"""
# ruff: noqa: ANN401 - any operation of the client

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from controller.aws.client.calls import error_code
from controller.aws.client.clients import Clients

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

RATE = 15
"""Requests a second for all operations but invocations, in the whole account and region. It cannot be raised."""
FREE = frozenset({"invoke", "get_function", "get_policy", "can_paginate", "close"})
"""Operations that do not count, and what is no operation. Of a listing only the first page is asked of the budget."""
REFUSALS = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded"})
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
FORWARD_PATIENCE, URGENT_PATIENCE = 20.0, 90.0
"""Seconds for which a refused request is tried again. Behind a rollback there is only a person, so it waits longest."""


_AT_ONCE = ContextVar("at_once", default=False)


@contextmanager
def at_once() -> Iterator[None]:
    """Ask nobody in this block: who went forward too far goes back."""
    token = _AT_ONCE.set(True)
    try:
        yield
    finally:
        _AT_ONCE.reset(token)


@dataclass(frozen=True)
class Time:
    """What goes by and what is waited for; tests have their own. `share` is random, 0 to 1."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    share: Callable[[], float] = random.random


class Pace:
    """Lets `rate` calls a second pass after a first `burst` of them: the generic cell rate algorithm."""

    def __init__(self, time: Time | None = None, rate: float = RATE, burst: int = RATE) -> None:
        self._time, self._gap, self._slack = time or Time(), 1 / rate, (burst - 1) / rate
        self._next, self._lock = float("-inf"), Lock()

    def take(self) -> None:
        """Wait until it is this call's lock; in the order in which they came."""
        with self._lock:
            now = self._time.now()
            turn = max(self._next, now - self._slack)
            self._next = turn + self._gap
        if turn > now:
            self._time.sleep(turn - now)


def paced(clients: Clients, take: Callable[[], None], patience: float, time: Time | None = None) -> Clients:
    """The same clients, with a paced one of AWS Lambda (but for invocations)."""
    made = copy(clients)
    made.functions = cast("LambdaClient", Paced(lambda: clients.functions, take, patience, time))
    return made


class Paced:
    """A client of AWS Lambda whose every request is let pass by `take`, and tried again while it is refused.

    Raises what the client raises; a refusal only when it lasts longer than `patience` seconds.
    """

    def __init__(
        self, client: Callable[[], Any], take: Callable[[], None], patience: float, time: Time | None = None
    ) -> None:
        """`client` is made when it is first needed."""
        self._client, self._take, self._patience = client, take, patience
        self._time = time or Time()

    def __getattr__(self, operation: str) -> Any:
        """The operation, paced; anything else of the client as it is."""
        found = getattr(self._client(), operation)
        if operation in FREE or operation.startswith("_") or not callable(found):
            return found
        method: Callable[..., Any] = found
        return lambda *names, **request: self._call(lambda: method(*names, **request))

    def _call(self, call: Callable[[], Any]) -> Any:
        until, most = self._time.now() + self._patience, FIRST_PAUSE
        while True:
            if not _AT_ONCE.get():
                self._take()
            try:
                return call()
            except ClientError as error:
                if error_code(error) not in REFUSALS or self._time.now() >= until:
                    raise
            self._time.sleep(self._time.share() * most)
            most = min(2 * most, LONGEST_PAUSE)
