"""What the judge saw, in the ledger."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from controller.aws.deployments import DynamoDeployments
from controller.aws.looks import DynamoLooks
from controller.domain.deployment import Comparison, Counts, Look
from controller.errors import LedgerConflictError
from tests.fakes import START
from tests.unit.aws.ledger_table import TABLE, a_deployment, a_table

COMPARED = Comparison("api", "p90", Counts(40, 9), Counts(360, 36), 0.1, 12.5, 80.0, threshold_ms=120.5, high=0.2)
LOOK = Look(
    START, "inconclusive", "Too few.", Counts(40, 1), Counts(360, 2), step=1, weight=10, data="late", share=0.1,
    e_value=3.25, limit=80.0, low=-0.01, high=0.2, firing=("a",), comparisons=(COMPARED,),
)  # fmt: skip


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    """DynamoDB with an empty ledger."""
    with a_table() as client:
        yield client


def test_a_look_is_read_as_it_was_written(dynamodb: Any) -> None:  # noqa: ANN401 - a client
    """With its fractions, and in order, however they were written."""
    looks = DynamoLooks(TABLE, dynamodb)
    later = Look(START + timedelta(seconds=1), "healthy", "Fine.")
    looks.record("d1", later)
    looks.record("d1", LOOK)
    assert looks.all("d1") == [LOOK, later]
    assert looks.all("d2") == []


def test_a_look_is_kept_once(dynamodb: Any) -> None:  # noqa: ANN401 - a client
    """What was seen is never changed afterwards."""
    looks = DynamoLooks(TABLE, dynamodb)
    looks.record("d1", LOOK)
    looks.record("d1", Look(START, "healthy", "Another story."))
    assert looks.all("d1") == [LOOK]


def test_looks_are_not_kept_for_ever(dynamodb: Any) -> None:  # noqa: ANN401 - a client
    """They expire as the lines of the timeline do."""
    DynamoLooks(TABLE, dynamodb).record("d1", LOOK)
    DynamoLooks(TABLE, dynamodb).carry("d1", "{}", 0, START)
    items = dynamodb.scan(TableName=TABLE)["Items"]
    assert [int(item["expires_at"]["N"]) > START.timestamp() for item in items] == [True, True]


def test_looks_are_no_lines_of_the_timeline(dynamodb: Any) -> None:  # noqa: ANN401 - a client
    """They lie in the same partition."""
    deployments = DynamoDeployments(TABLE, dynamodb)
    deployments.create(a_deployment())
    DynamoLooks(TABLE, dynamodb).record("d1", LOOK)
    DynamoLooks(TABLE, dynamodb).carry("d1", "{}", 0, START)
    assert deployments.timeline("d1") == []
    assert [one.deployment_id for one in deployments.history("smartpack/prod", 5)] == ["d1"]


def test_the_state_is_carried_on_condition(dynamodb: Any) -> None:  # noqa: ANN401 - a client
    """Of two looks at the same time, the second must look again."""
    looks = DynamoLooks(TABLE, dynamodb)
    assert looks.state("d1") == ("", 0)
    looks.carry("d1", "one", 0, START)
    with pytest.raises(LedgerConflictError):
        looks.carry("d1", "other", 0, START)
    looks.carry("d1", "two", 1, START)
    with pytest.raises(LedgerConflictError):
        looks.carry("d1", "other", 1, START)
    assert looks.state("d1") == ("two", 2)
