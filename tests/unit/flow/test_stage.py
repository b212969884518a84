"""Stage component: new revisions are made, and no visitor sees them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.phases import Phase
from controller.errors import LedgerConflictError, TrippedError
from controller.flow.record_restore_point import record_restore_point
from controller.flow.shared.fence import trip
from controller.flow.shared.lease import LEASE
from controller.flow.stage import stage
from controller.ports.world import World
from tests.unit.flow.scenes import ALARM, CANARY, SLOW, STABLE, dying_everywhere, granted, recorded, slow


def test_a_component_is_staged() -> None:
    """Its revision is in the ledger; visitors see nothing of it."""
    world = recorded()
    expected = {"component": "api", "outcome": "staged", "revision": "7", "changed": True}
    assert stage(world, "d2", "api").document() == expected
    assert stage(world, "d2", "site").revision == "bb"
    assert world.deployments.get("d2").staged == CANARY
    assert not world.components.known["api"].moves


def test_an_unchanged_component_is_reported_as_such() -> None:
    """An unchanged component gets no traffic step."""
    world = recorded()
    world.components.known["api"].next = ""
    assert stage(world, "d2", "api").changed is False
    assert world.deployments.get("d2").changed == ()


def test_what_is_rolled_back_is_not_staged_any_more() -> None:
    """A late staging writes nothing."""
    world = recorded()
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), phase=Phase.ROLLING_BACK)
    with pytest.raises(LedgerConflictError):
        stage(world, "d2", "api")


def test_wherever_it_dies_it_can_be_done_again() -> None:
    """Restore point and revisions are the same in the end."""

    def act(world: World) -> None:
        record_restore_point(world, "d2")
        stage(world, "d2", "api")

    for where, world in dying_everywhere(granted, act):
        act(world)
        assert world.deployments.get("d2").restore_point == STABLE, where
        assert world.deployments.get("d2").staged == {"api": CANARY["api"]}, where
        assert world.guards.guarded_by(ALARM) == ["d2"], where


def test_waiting_renews_the_lease() -> None:
    """A deployment that waits for a stack is not stuck."""
    world = slow(SLOW, SLOW)
    stage(world, "d2", "site")
    first = world.deployments.get("d2").lease_until
    world.clock.forward(1200)
    stage(world, "d2", "site")
    last = world.deployments.get("d2").lease_until
    assert first
    assert last
    assert last - first == timedelta(seconds=1200)


def test_every_component_that_is_staged_is_a_step_forward() -> None:
    """Waves of large components take longer than one lease, and are not stuck."""
    world = slow()
    world.clock.forward(1200)
    stage(world, "d2", "site")
    assert world.deployments.get("d2").lease_until == world.clock.now() + LEASE


def test_a_tripped_deployment_is_not_waited_for() -> None:
    """An alarm that fires meanwhile ends the wait at the next question."""
    world = slow(SLOW, SLOW)
    stage(world, "d2", "site")
    trip(world, "d2", "alarm", "It broke.")
    with pytest.raises(TrippedError):
        stage(world, "d2", "site")
