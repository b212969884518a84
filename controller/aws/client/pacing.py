"""The rates of AWS's services: each request waits for the quota of its own operation, and is tried again when refused.

AWS Lambda's control plane takes 15 requests a second from an account and refuses the rest. A deployment that goes
forward takes every request from the budget that all functions of the controller share (`budget.py`). A rollback takes
nothing from it: it limits only its own rate, so that its requests do not make AWS refuse each other, and its first
requests do not wait at all. A request that AWS refuses nevertheless is tried again after a random pause (full jitter:
anything from zero up to a bound that doubles) until a deadline, because requests that were refused in the same moment
must not all return in the same moment.

Other quotas are of their own, and are not taken from that budget: reading a function with its code (100 a second), and
writing parameters (a few a second). They are paced within a process; several processes meet AWS's refusals instead.

https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/ says why.
"""
# ruff: noqa: ANN401 - any operation of the client

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from controller import clock
from controller.aws.client.calls import THROTTLED, error_code
from controller.aws.client.clients import Clients

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_ssm import SSMClient

RATE = 15
"""Requests a second for all operations but invocations, in one account and region. AWS does not raise it."""
FREE = frozenset({"invoke", "can_paginate", "close"})
"""Operations outside all limits, and attributes that are not API calls. A listing counts its first page only."""
FUNCTION_RATES = {"get_function": 100.0, "get_policy": 15.0}
"""Operations of AWS Lambda that have a quota of their own → requests a second."""
PARAMETER_RATES = {"put_parameter": 3.0, "delete_parameters": 3.0}
"""The same for Parameter Store with its default throughput, as users report it; reading has larger quotas."""
PARAMETERS_PATIENCE = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
FORWARD_PATIENCE, URGENT_PATIENCE = 20.0, 90.0
"""Seconds for which a refused request is tried again. A rollback tries longest: visitors wait for it. Many releases may
write parameters at the same time, at a few a second."""


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
    """The same clients, but with paced clients of AWS Lambda (except for invocations) and of Parameter Store.

    `take` waits until a request to Lambda's control plane may be made.
    """
    made = copy(clients)
    functions, parameters = _paces(FUNCTION_RATES, time), _paces(PARAMETER_RATES, time)
    made.functions = cast("LambdaClient", Paced(lambda: clients.functions, take, patience, time, functions))
    longest = max(patience, PARAMETERS_PATIENCE)
    made.parameters = cast("SSMClient", Paced(lambda: clients.parameters, unpaced, longest, time, parameters))
    return made


def unpaced() -> None:
    """Wait for nothing."""


def _paces(rates: Mapping[str, float], time: Time | None) -> dict[str, Callable[[], None]]:
    return {operation: Pace(time, rate, max(1, int(rate))).take for operation, rate in rates.items()}


class Paced:
    """A client whose requests each wait for `take`, and are tried again while AWS refuses them.

    It raises what the client raises, but a refusal only after `patience` seconds.
    """

    def __init__(
        self,
        client: Callable[[], Any],
        take: Callable[[], None],
        patience: float,
        time: Time | None = None,
        own: Mapping[str, Callable[[], None]] | None = None,
    ) -> None:
        """`client` makes the client when it is first needed; the operations in `own` wait for their own quota."""
        self._client, self._take, self._patience = client, take, patience
        self._time, self._own = time or Time(), own or {}

    def __getattr__(self, operation: str) -> Any:
        """An operation of the client, paced; any other attribute as it is."""
        found = getattr(self._client(), operation)
        if operation in FREE or operation.startswith("_") or not callable(found):
            return found
        method: Callable[..., Any] = found
        take = self._own.get(operation, self._take)
        return lambda *names, **request: self._call(take, lambda: method(*names, **request))

    def _call(self, take: Callable[[], None], call: Callable[[], Any]) -> Any:
        until, most = self._time.now() + self._patience, FIRST_PAUSE
        while True:
            take()
            try:
                return call()
            except ClientError as error:
                if error_code(error) not in THROTTLED or self._time.now() >= until:
                    raise
            self._time.sleep(self._time.share() * most)
            most = min(2 * most, LONGEST_PAUSE)
