"""The ledger's adapters have the same answers and errors from the fake DynamoDB as from moto, call by call.

All tests of the adapters run here once more, over both.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.aws.ledger.budget import DynamoBudget
from controller.aws.ledger.deployments import DynamoDeployments
from controller.aws.ledger.guards import DynamoGuards
from controller.aws.ledger.locks import DynamoLocks, DynamoVersions
from controller.domain.deployment import Revision, Trip, Unsent
from controller.domain.phases import MOVING, TOUCHED, Phase
from controller.errors import LedgerConflictError
from controller.ports.ledger import Expected, Move
from tests.fakes import START
from tests.simulation.aws.dynamodb import DynamoDb, ledger_table
from tests.simulation.services.both import Both
from tests.unit.aws.ledger import test_evaluations, test_guards
from tests.unit.aws.ledger_table import TABLE, a_deployment, a_table

SUITES = (test_evaluations, test_guards)
globals().update(
    {f"{name}_over_both": test for suite in SUITES for name, test in vars(suite).items() if name.startswith("test_")}
)


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    """An empty ledger in both."""
    fake = DynamoDb(lambda: datetime.now(UTC))
    fake.create_table(**ledger_table(TABLE))
    with a_table() as moto:
        both = Both(fake, moto)
        yield both
        theirs = [item for page in moto.get_paginator("scan").paginate(TableName=TABLE) for item in page["Items"]]
        assert [*fake.items(TABLE)] == sorted(theirs, key=_key), "the tables differ"


@pytest.fixture
def deployments(dynamodb: Any) -> DynamoDeployments:  # noqa: ANN401 - a client
    """The deployments of the ledger."""
    return DynamoDeployments(TABLE, dynamodb)


@pytest.fixture
def guards(dynamodb: Any) -> DynamoGuards:  # noqa: ANN401 - a client
    """The ledger's guards."""
    return DynamoGuards(TABLE, dynamodb)


@pytest.mark.parametrize("second", [100.0, 101.0, 102.0])
def test_the_budget_is_taken_alike(dynamodb: Any, second: float) -> None:  # noqa: ANN401 - a client
    """Five tasks take requests within a second; a rollback then stops them."""
    waiting = _Impatient()
    tasks = [DynamoBudget(TABLE, dynamodb, lambda: second, waiting) for _ in range(5)]  # type: ignore[arg-type]
    for task in tasks:
        task.take()
    tasks[0].give_way(30)
    tasks[0].give_way(3)
    assert dynamodb.calls > len(tasks)


def test_a_deployment_is_moved_alike(deployments: DynamoDeployments) -> None:
    """From its creation to its end: conditions that hold and that do not, lists that grow, claims, the open ones."""
    given = {"fencing_token": 3, "weight": 10, "staged": {"api": Revision("6", "aa")}}
    assert deployments.create(a_deployment("d1", Phase.STAGING, **given))
    assert not deployments.create(a_deployment("d1"))
    forward = {"phases": TOUCHED, "expected": Expected(fencing_token=3, untripped=True, weight_at_most=50)}
    deployments.update("d1", {"phase": Phase.SHIFTING, "weight": 50}, **forward)
    deployments.update("d1", {"staged_now": {"a-b": Revision("7", "bb")}}, **forward)
    for token in ("one", "two"):
        deployments.update("d1", {"guard_tokens": (token,)}, phases=TOUCHED)
    trip = {"trip": Trip(START, "alarm", "It broke.", START)}
    deployments.update("d1", trip, phases=MOVING, expected=Expected(absent="trip"))
    for expected in (Expected(absent="trip"), Expected(fencing_token=4), forward["expected"]):
        with pytest.raises(LedgerConflictError):
            deployments.update("d1", trip, phases=MOVING, expected=expected)
    claimed = {"phase": Phase.ROLLING_BACK, "rollback_execution_arn": "arn"}
    deployments.update("d1", claimed, phases=TOUCHED)
    owed = {"phase": Phase.ROLLED_BACK, "unsent_now": {"end": Unsent(Phase.ROLLED_BACK, "It broke.", "")}}
    deployments.update("d1", owed, phases=[Phase.ROLLING_BACK], expected=Expected(rollback_execution_arn="arn"))
    later = START + timedelta(minutes=1)
    assert [deployments.claim("d1", "end", START, later) for _ in range(2)] == [True, False]
    assert not deployments.claim("d1", "other", START, later)
    deployments.leave_open("d1")
    assert [*deployments.open()] == ["d1"]
    deployments.update("d1", {"sent": "end"}, phases=[Phase.ROLLED_BACK])
    deployments.leave_open("d1")
    assert [*deployments.open()] == []
    assert [one.deployment_id for one in deployments.history("smartpack/prod", 5)] == ["d1"]
    assert [deployments.begin_sweep(at, at) for at in (START, later, START)] == [True, True, False]


def test_a_hand_over_is_one_transaction_alike(dynamodb: Any, deployments: DynamoDeployments) -> None:  # noqa: ANN401 - a client
    """The lock, two deployments and a version: all are written, or none where one condition fails."""
    locks, versions = DynamoLocks(TABLE, dynamodb), DynamoVersions(TABLE, dynamodb)
    ended = a_deployment("d1", Phase.BAKING, version="1.0.0", digest="dd", fencing_token=1)
    for deployment in (ended, a_deployment("d2", Phase.QUEUED)):
        deployments.create(deployment)
    lock = replace(locks.load("smartpack/prod"), holder="d2", token=2)
    end = Move("d1", {"phase": Phase.SUCCEEDED}, TOUCHED, Expected(untripped=True))
    grant = Move("d2", {"fencing_token": 2}, [Phase.QUEUED])
    wrong = replace(grant, expected=Expected(fencing_token=9))
    with pytest.raises(LedgerConflictError):
        locks.save(lock, [end, wrong], (ended, Phase.SUCCEEDED))
    assert (deployments.get("d1").phase, versions.previous_attempt("smartpack/prod", "1.0.0")) == (Phase.BAKING, None)
    locks.save(lock, [end, grant], (ended, Phase.SUCCEEDED))
    with pytest.raises(LedgerConflictError):
        locks.save(lock)
    assert versions.previous_attempt("smartpack/prod", "1.0.0") == ("dd", Phase.SUCCEEDED)
    assert (locks.load("smartpack/prod").holder, deployments.get("d2").fencing_token) == ("d2", 2)


class _Impatient:
    """Waiting that is over at once."""

    now: Callable[[], float] = staticmethod(lambda: 0.0)
    share: Callable[[], float] = staticmethod(lambda: 0.0)
    sleep: Callable[[float], None] = staticmethod(lambda _: pytest.fail("it has to wait"))


def _key(item: Any) -> tuple[str, str]:  # noqa: ANN401 - an item
    return item["pk"]["S"], item["sk"]["S"]
