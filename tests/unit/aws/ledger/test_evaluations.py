"""The evaluations of the judge, in the ledger."""

from datetime import timedelta
from typing import Any

import pytest

from controller.aws.ledger.deployments import DynamoDeployments
from controller.aws.ledger.evaluations import DynamoEvaluations
from controller.domain.deployment import Comparison, Counts, Evaluation
from controller.errors import LedgerConflictError
from tests.fakes import START
from tests.unit.aws.ledger_table import TABLE, a_deployment

COMPARED = Comparison("api", "p90", Counts(40, 9), Counts(360, 36), 0.1, 12.5, 80.0, threshold_ms=120.5, high=0.2)
EVALUATION = Evaluation(
    START, "inconclusive", "Too few.", Counts(40, 1), Counts(360, 2), step=1, weight=10, data="late", share=0.1,
    e_value=3.25, limit=80.0, low=-0.01, high=0.2, firing=("a",), comparisons=(COMPARED,),
)  # fmt: skip


def test_an_evaluation_is_read_as_it_was_written(dynamodb: Any) -> None:  # noqa: ANN401 - a client
    """The fractions are the same, and the order is that of time, not of the writes."""
    evaluations = DynamoEvaluations(TABLE, dynamodb)
    later = Evaluation(START + timedelta(seconds=1), "healthy", "Fine.")
    evaluations.record("d1", later)
    evaluations.record("d1", EVALUATION)
    assert evaluations.all("d1") == [EVALUATION, later]
    assert evaluations.all("d2") == []


def test_an_evaluation_is_kept_once(dynamodb: Any) -> None:  # noqa: ANN401 - a client
    """A recorded evaluation never changes."""
    evaluations = DynamoEvaluations(TABLE, dynamodb)
    evaluations.record("d1", EVALUATION)
    evaluations.record("d1", Evaluation(START, "healthy", "Another evaluation."))
    assert evaluations.all("d1") == [EVALUATION]


def test_evaluations_expire(dynamodb: Any) -> None:  # noqa: ANN401 - a client
    """They expire like the lines of the timeline."""
    DynamoEvaluations(TABLE, dynamodb).record("d1", EVALUATION)
    DynamoEvaluations(TABLE, dynamodb).carry("d1", "{}", 0, START)
    items = dynamodb.scan(TableName=TABLE)["Items"]
    assert [int(item["expires_at"]["N"]) > START.timestamp() for item in items] == [True, True]


def test_evaluations_are_not_lines_of_the_timeline(dynamodb: Any) -> None:  # noqa: ANN401 - a client
    """They are in the same partition."""
    deployments = DynamoDeployments(TABLE, dynamodb)
    deployments.create(a_deployment())
    DynamoEvaluations(TABLE, dynamodb).record("d1", EVALUATION)
    DynamoEvaluations(TABLE, dynamodb).carry("d1", "{}", 0, START)
    assert deployments.timeline("d1") == []
    assert [one.deployment_id for one in deployments.history("smartpack/prod", 5)] == ["d1"]


def test_the_state_is_written_conditionally(dynamodb: Any) -> None:  # noqa: ANN401 - a client
    """Of two evaluations at the same time, the second must be repeated."""
    evaluations = DynamoEvaluations(TABLE, dynamodb)
    assert evaluations.state("d1") == ("", 0)
    evaluations.carry("d1", "one", 0, START)
    with pytest.raises(LedgerConflictError):
        evaluations.carry("d1", "other", 0, START)
    evaluations.carry("d1", "two", 1, START)
    with pytest.raises(LedgerConflictError):
        evaluations.carry("d1", "other", 1, START)
    assert evaluations.state("d1") == ("two", 2)
