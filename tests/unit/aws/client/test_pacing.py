"""The quotas of single operations: each is kept, and none is taken from the budget of Lambda's control plane."""

# ruff: noqa: ANN401, D102 - the methods and documents are AWS's

from collections.abc import Callable
from typing import Any

import pytest
from botocore.retries.standard import ThrottledRetryableChecker

from controller.aws.client.calls import THROTTLED, TRANSIENT
from controller.aws.client.clients import Clients
from controller.aws.client.pacing import FORWARD_PATIENCE, FUNCTION_RATES, Time, paced
from controller.aws.components.parameters.store import ParameterStore
from controller.errors import TransientError
from tests.unit.aws.fake_lambda import refuse
from tests.unit.aws.virtual_time import VirtualTime

LATENCY = 0.02
VALUES = {f"NAME_{number}": "x" for number in range(100)}


class ParameterStoreOfAws:
    """SSM in memory, which takes three writes a second from all its users and refuses the rest."""

    def __init__(self, time: VirtualTime, rate: float = 3) -> None:
        self._time, self._rate, self._tokens, self._filled = time, rate, rate, time.now()
        self.refused, self.kept = 0, dict[str, str]()

    def put_parameter(self, *, Name: str, Value: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        self._time.sleep(LATENCY)
        now = self._time.now()
        self._tokens, self._filled = min(self._rate, self._tokens + (now - self._filled) * self._rate), now
        if self._tokens < 1:
            self.refused += 1
            raise refuse("ThrottlingException", 400)
        self._tokens -= 1
        self.kept[Name] = Value
        return {"Version": 1}

    def get_paginator(self, operation: str) -> "ParameterStoreOfAws":
        assert operation == "get_parameters_by_path"
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"Parameters": []}]


def users(aws: ParameterStoreOfAws, time: VirtualTime, number: int) -> list[ParameterStore]:
    """Parameter stores of so many processes, none of which takes anything from Lambda's budget."""

    def never() -> None:
        raise AssertionError

    clients = Clients()
    clients.parameters = aws  # type: ignore[assignment]
    own = Time(time.now, time.sleep, lambda: 0.5)
    return [ParameterStore(paced(clients, never, FORWARD_PATIENCE, own), f"/{place}") for place in range(number)]


def writing(store: ParameterStore, failed: list[Exception]) -> Callable[[], None]:
    """Write a hundred settings, and do it again as the task does when it fails for the moment."""

    def write() -> None:
        for _ in range(3):
            try:
                store.write("one", VALUES)
            except TransientError as error:
                failed.append(error)
            else:
                return

    return write


def test_a_hundred_settings_are_written_as_fast_as_aws_takes_them() -> None:
    """No request is refused; that takes about half a minute."""
    time, failed = VirtualTime(), list[Exception]()
    aws = ParameterStoreOfAws(time)
    began = time.now()
    (store,) = users(aws, time, 1)
    time.run(writing(store, failed))
    assert (len(aws.kept), aws.refused, failed) == (100, 0, [])
    assert 30 <= time.now() - began <= 40


def test_several_releases_at_once_share_the_quota_and_none_fails() -> None:
    """Each process paces itself only, so AWS refuses some requests: these are tried again."""
    time, failed = VirtualTime(), list[Exception]()
    aws = ParameterStoreOfAws(time)
    began = time.now()
    time.run(*(writing(store, failed) for store in users(aws, time, 4)))
    assert (len(aws.kept), failed) == (400, [])
    assert aws.refused > 0
    assert time.now() - began <= 200


@pytest.mark.parametrize(("operation", "rate"), [*FUNCTION_RATES.items()])
def test_operations_with_a_quota_of_their_own_take_nothing_from_the_budget(operation: str, rate: float) -> None:
    """Reading a hundred functions with their code leaves the control plane to the releases."""
    slept: list[float] = []
    taken: list[str] = []
    clients = Clients()
    clients.functions = type("Lambda", (), {operation: lambda _, **__: {}, "get_alias": lambda _, **__: {}})()
    made = paced(clients, lambda: taken.append("taken"), FORWARD_PATIENCE, Time(lambda: 0.0, slept.append))
    for _ in range(int(rate) + 2):
        getattr(made.functions, operation)(FunctionName="f")
    assert (taken, [one for one in slept if one > LATENCY / rate]) == ([], pytest.approx([1 / rate, 2 / rate]))
    made.functions.get_alias(FunctionName="f", Name="live")
    assert taken == ["taken"]


def test_every_refusal_that_the_sdk_knows_is_known_here() -> None:
    """A quota of another kind has the code `LimitExceededException`, and asking again does not help against that."""
    known = set(ThrottledRetryableChecker._THROTTLED_ERROR_CODES)
    assert known - THROTTLED - {"TransactionInProgressException"} == {"LimitExceededException"}
    assert "TransactionInProgressException" in TRANSIENT
