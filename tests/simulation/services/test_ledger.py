"""The ledger's adapters have the same answers and errors from the fake DynamoDB as from moto, call by call.

All tests of the adapters run here once more, over both.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from controller.aws.ledger.budget import DynamoBudget
from controller.aws.ledger.deployments import DynamoDeployments
from controller.aws.ledger.guards import DynamoGuards
from tests.simulation.aws.dynamodb import DynamoDb, ledger_table
from tests.simulation.services.both import Both
from tests.unit.aws.ledger import test_deployments, test_evaluations, test_guards, test_locks
from tests.unit.aws.ledger_table import TABLE, a_table

SUITES = (test_deployments, test_evaluations, test_guards, test_locks)
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


class _Impatient:
    """Waiting that is over at once."""

    now: Callable[[], float] = staticmethod(lambda: 0.0)
    share: Callable[[], float] = staticmethod(lambda: 0.0)
    sleep: Callable[[float], None] = staticmethod(lambda _: pytest.fail("it has to wait"))


def _key(item: Any) -> tuple[str, str]:  # noqa: ANN401 - an item
    return item["pk"]["S"], item["sk"]["S"]
