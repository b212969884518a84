"""The deployments that an alarm guards, in DynamoDB."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.aws.ledger.guards import DynamoGuards
from tests.unit.aws.ledger_table import TABLE


@pytest.fixture
def guards(dynamodb: Any) -> DynamoGuards:  # noqa: ANN401 - a client
    """Its guards."""
    return DynamoGuards(TABLE, dynamodb)


def test_an_alarm_finds_the_deployments_that_it_guards(guards: DynamoGuards) -> None:
    """Several deployments may share an alarm, and a deployment may have several."""
    guards.open("d1", ["errors", "smartpack/prod: zu langsam #1"])
    guards.open("d2", ["errors"])
    assert guards.guarded_by("errors") == ["d1", "d2"]
    assert guards.guarded_by("smartpack/prod: zu langsam #1") == ["d1"]
    assert guards.guarded_by("unknown") == []


def test_opening_and_closing_twice_is_harmless(guards: DynamoGuards) -> None:
    """Both may be repeated."""
    guards.open("d1", ["errors"])
    guards.open("d1", ["errors"])
    assert guards.guarded_by("errors") == ["d1"]
    guards.close("d1", ["errors", "never opened"])
    guards.close("d1", ["errors"])
    assert guards.guarded_by("errors") == []


def test_closing_one_leaves_the_others(guards: DynamoGuards) -> None:
    """A deployment that ends closes only its own guards."""
    guards.open("d1", ["errors"])
    guards.open("d2", ["errors"])
    guards.close("d1", ["errors"])
    assert guards.guarded_by("errors") == ["d2"]


def test_a_guard_that_nobody_closes_expires(dynamodb: Any, guards: DynamoGuards) -> None:  # noqa: ANN401 - a client
    """Its item is deleted after the longest time that a deployment can take, and a margin."""
    before = datetime.now(UTC)
    guards.open("d1", ["errors"])
    (item,) = dynamodb.scan(TableName=TABLE)["Items"]
    expires = datetime.fromtimestamp(int(item["expires_at"]["N"]), UTC)
    assert timedelta(days=20) < expires - before < timedelta(days=22)
