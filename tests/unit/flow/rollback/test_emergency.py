"""The emergency rollback: traffic is set back to stable before any state machine moves."""

import pytest

from controller.domain.phases import Phase
from controller.errors import ChangedByOthersError
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.rollback.emergency import emergency
from controller.handlers import on_alarm
from tests.unit.flow.scenes import RESTORED, a_deployment, a_world, at_weight, live, on_its_way


@pytest.mark.parametrize("phase", [Phase.SHIFTING, Phase.BAKING, Phase.ROLLING_BACK])
def test_traffic_is_restored_whatever_it_is_doing(phase: Phase) -> None:
    """This works even while its execution is stuck, which finds the trip with the person's reason."""
    world = a_world()
    on_its_way(world, phase)
    at_weight(world, 10)
    card = on_alarm.handle(world, {"emergency": True, "deployment_id": "d2", "reason": "prices"})
    assert (card.outcome, card.failed) == ("restored", {})
    assert live(world) == RESTORED
    found = world.deployments.get("d2")
    assert found.traffic_restored_at == world.clock.now()
    if phase is not Phase.ROLLING_BACK:
        assert found.trip is not None
        assert (found.trip.source, found.trip.reason) == ("person", "prices")


def test_what_is_live_is_claimed_first_and_the_rollback_machine_continues() -> None:
    """It holds the lock then, so no release begins meanwhile."""
    world = a_world()
    on_its_way(world, Phase.SUCCEEDED, unsent={})
    world.locks.known["smartpack/prod"] = world.locks.load("smartpack/prod").__class__("smartpack/prod", live="d2")
    at_weight(world, 100)
    assert emergency(world, "d2", "prices").outcome == "restored"
    assert live(world) == RESTORED
    assert world.deployments.get("d2").phase is Phase.ROLLING_BACK
    assert world.locks.load("smartpack/prod").holder == "d2"
    assert begin_rollback(world, "d2", "arn:rollback", "person", "prices").outcome == "begun"


def test_twice_is_once() -> None:
    """The second finds everything restored."""
    world = a_world()
    on_its_way(world, Phase.BAKING)
    at_weight(world, 10)
    emergency(world, "d2", "first")
    moves = {name: list(one.moves) for name, one in world.components.known.items()}
    assert emergency(world, "d2", "second").failed == {}
    assert {name: one.moves for name, one in world.components.known.items()} == moves
    trip = world.deployments.get("d2").trip
    assert trip
    assert trip.reason == "first"


def test_a_component_that_somebody_changed_is_left_alone_and_reported() -> None:
    """The others are restored; a person's change is never overwritten."""
    world = a_world()
    on_its_way(world, Phase.BAKING)
    at_weight(world, 10)
    world.components.known["site"].broken = ChangedByOthersError("it is on 9")
    assert emergency(world, "d2", "now").failed == {"site": "it is on 9"}
    assert live(world)["api"] == RESTORED["api"]


@pytest.mark.parametrize("phase", [Phase.ROLLED_BACK, Phase.REJECTED, Phase.SUPERSEDED])
def test_nothing_is_done_for_what_is_not_live(phase: Phase) -> None:
    """Nothing is written, either."""
    world = a_world()
    before = a_deployment(world, phase)
    assert emergency(world, "d2", "now").outcome == "nothing"
    assert world.deployments.get("d2") == before


def test_it_is_refused_beside_another_deployment() -> None:
    """The deployment that holds the lock comes first."""
    world = a_world()
    on_its_way(world, Phase.BAKING, "d3")
    a_deployment(world, Phase.SUCCEEDED, unsent={})
    at_weight(world, 100)
    assert emergency(world, "d2", "now").outcome == "refused"
    assert live(world) != RESTORED
