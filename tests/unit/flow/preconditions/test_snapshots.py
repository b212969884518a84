"""Snapshots of databases: complete before anything is changed, waited for with patience, and not for ever."""
# ruff: noqa: ANN401 - any field

from dataclasses import replace
from typing import Any

import pytest

from controller.domain.phases import Phase
from controller.domain.restore_point import snapshot_id
from controller.errors import AwsError, NotFoundError
from controller.flow.complete import complete
from controller.flow.record_restore_point import record_restore_point
from controller.flow.shared.fence import trip
from controller.flow.shared.lease import LEASE, ran_out
from tests.builders import a_bundle
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import a_world, an_environment, at_weight, on_its_way

ORDERS = {"kind": "database", "instance": "orders"}
NAME = snapshot_id("orders", "d2")


def with_database(**database: Any) -> dict[str, Any]:
    """The components of an environment that has one."""
    functions = an_environment().model_dump(mode="json")["components"]
    return {**functions, "orders": {**ORDERS, **database}}


def granted(**database: Any) -> FakeWorld:
    """A deployment of an application with a database that has just been granted the lock."""
    world = a_world(components=with_database(**database))
    deployment = on_its_way(world, Phase.QUEUED, restore_point=None, staged={}, steps=(), previous="d1")
    world.bundles.objects[deployment.upload.key] = a_bundle("2.0.0")
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), digest="another")
    return world


def test_a_release_waits_until_the_snapshot_is_there() -> None:
    """`pending` as long as it is being taken; then the restore point is recorded, with the snapshot in it."""
    world = granted()
    world.databases.polls = 2
    for _ in range(2):
        card = record_restore_point(world, "d2")
        assert (card.outcome, card.deployment.phase, card.wait_seconds) == ("pending", "QUEUED", 15)
        assert not world.exports.asked
    assert record_restore_point(world, "d2").outcome == "ready"
    assert world.deployments.get("d2").snapshots == {"orders": NAME}
    assert world.restore_points.kept["d2"].parts["orders"].revision.id == NAME
    kinds = [event.kind for event in world.deployments.events["d2"]]
    assert kinds.count("snapshot") == kinds.count("snapshots_taken") == 1
    assert set(world.databases.begun) == {NAME}


def test_the_lease_is_renewed_while_it_waits() -> None:
    """A deployment that waits for an hour is not stuck."""
    world = granted(wait="5h")
    world.databases.polls = 100
    for _ in range(3):
        record_restore_point(world, "d2")
        world.clock.forward(LEASE.total_seconds() - 60)
        assert not ran_out(world.deployments.get("d2"), world.clock.now())


def test_the_longest_wait_fits_into_the_history_of_an_execution() -> None:
    """Half a day of polls, with nine events each, leaves most of the 25,000 to what comes after."""
    world, polls = granted(wait="12h"), 0
    world.databases.polls = 10_000
    while (card := record_restore_point(world, "d2")).outcome == "pending":
        world.clock.forward(card.wait_seconds)
        polls += 1
    assert (card.outcome, 9 * polls < 5000) == ("rejected", True)


def test_it_does_not_wait_for_ever() -> None:
    """After the environment's minutes the release is rejected; nothing was touched."""
    world = granted(wait="10m")
    world.databases.polls = 100
    assert record_restore_point(world, "d2").outcome == "pending"
    world.clock.forward(601)
    card = record_restore_point(world, "d2")
    assert (card.outcome, card.deployment.phase) == ("rejected", "REJECTED")
    assert "not complete after 10 minutes" in card.deployment.reason


@pytest.mark.parametrize("trouble", ["failed", NotFoundError("DBInstanceNotFound")])
def test_a_snapshot_that_fails_refuses_the_release(trouble: Any) -> None:
    """Before anything is touched."""
    world = granted()
    if isinstance(trouble, Exception):
        world.databases.trouble = trouble
    else:
        world.databases.state = trouble
    assert record_restore_point(world, "d2").outcome == "rejected"
    assert world.deployments.get("d2").restore_point is None


def test_the_release_that_is_live_already_needs_none() -> None:
    """It changes nothing, unless the environment wants one always."""
    for wanted, expected in (("when_changed", {}), ("always", {"orders": NAME})):
        world = granted(snapshot=wanted)
        world.deployments.known["d1"] = replace(world.deployments.get("d1"), digest="dd")
        assert record_restore_point(world, "d2").outcome == "ready"
        assert world.deployments.get("d2").snapshots == expected


def test_a_person_can_take_it_back_while_it_waits() -> None:
    """The next poll finds the trip and stops."""
    world = granted()
    world.databases.polls = 100
    record_restore_point(world, "d2")
    trip(world, "d2", "person", "no")
    card = record_restore_point(world, "d2")
    assert (card.outcome, card.deployment.reason) == ("rejected", "no")


@pytest.mark.parametrize("trouble", [None, AwsError("denied")])
def test_old_snapshots_go_when_the_release_is_live(trouble: Exception | None) -> None:
    """Its own stays; a failure to delete the others is no reason to roll back."""
    world = a_world(components=with_database())
    on_its_way(world, Phase.BAKING, weight=100, snapshots={"orders": NAME})
    at_weight(world, 100)
    world.databases.trouble = trouble
    assert complete(world, "d2").deployment.phase == "SUCCEEDED"
    assert world.databases.pruned == ([] if trouble else [("orders", {NAME})])
