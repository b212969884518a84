"""Restoring traffic: all components at once, as far as it goes."""

import pytest

from controller.domain.deployment import Revision
from controller.domain.phases import Phase
from controller.errors import AwsError
from controller.flow.rollback.traffic import restore_traffic
from tests.fake_components import FakeComponent
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import ALARM, a_world, guarded, live, on_its_way, tripped, with_a_stack


def test_one_component_that_fails_does_not_keep_the_others() -> None:
    """What can be restored is restored; what cannot is recorded, and the time is not noted."""
    world = guarded(Phase.BAKING, weight=10, trip=tripped())
    world.components.known["api"].broken = AwsError("denied")
    assert restore_traffic(world, world.deployments.get("d2")) == {"api": "denied"}
    assert live(world)["site"] == ("aa", 0)
    assert world.deployments.get("d2").traffic_restored_at is None
    assert world.deployments.kinds("d2") == ["restore_failed"]


def of_many(count: int) -> FakeWorld:
    """A canary of so many functions."""
    names = [f"f{number}" for number in range(count)]
    components = {name: {"kind": "function", "function_name": name} for name in names}
    world = a_world(components=components, deployment_preference={"alarms": [ALARM]})
    world.components.known = {name: FakeComponent("6", "7", 10) for name in names}
    revisions = {"restore_point": dict.fromkeys(names, Revision("6")), "staged": dict.fromkeys(names, Revision("7"))}
    on_its_way(world, Phase.BAKING, components=tuple(names), weight=10, **revisions)
    return world


@pytest.mark.parametrize(("count", "given_way"), [(5, []), (6, [12])])
def test_others_are_held_back_for_a_rollback_of_many(count: int, given_way: list[int]) -> None:
    """For a few there is always room."""
    world = of_many(count)
    assert restore_traffic(world, world.deployments.get("d2")) == {}
    assert world.budget.given_way == given_way
    assert {place for place, _ in live(world).values()} == {"6"}


def test_a_budget_that_cannot_be_reached_stops_no_restoration() -> None:
    """It is only for deployments that go forward."""
    world = of_many(6)
    world.budget.trouble = AwsError("no table")
    assert restore_traffic(world, world.deployments.get("d2")) == {}
    assert {place for place, _ in live(world).values()} == {"6"}


def test_nothing_staged_means_nothing_to_restore() -> None:
    """A trip before staging moves no traffic."""
    world = guarded(Phase.QUEUED, restore_point=None, staged={})
    assert restore_traffic(world, world.deployments.get("d2")) == {}
    assert world.deployments.get("d2").traffic_restored_at is None


def test_an_alarm_does_not_wait_for_a_stack() -> None:
    """Traffic is set back to stable at once, and that is noted; the stack is left to the rollback machine."""
    world = with_a_stack(Phase.BAKING)
    assert restore_traffic(world, world.deployments.get("d2")) == {}
    assert world.components.known["api"].live == "6"
    assert (world.components.known["infra"].live, world.components.known["infra"].moves) == ("b", [])
    assert world.deployments.get("d2").traffic_restored_at == START
