"""Restoring traffic: all components at once, as far as it goes."""

from dataclasses import replace
from typing import Any

import pytest

from controller.domain.deployment import Revision, Trip
from controller.domain.phases import TERMINAL, Phase
from controller.errors import AwsError, LedgerConflictError, TransientError, TrippedError
from controller.flow.rollback.traffic import note_restored, restore_traffic, trip_and_restore
from controller.flow.shift import shift
from tests.fake_components import FakeComponent
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import (
    ALARM,
    RESTORED,
    a_world,
    at_weight,
    guarded,
    live,
    messages,
    moving,
    on_its_way,
    once,
    roll_back,
    rolling_back,
    tripped,
    with_a_stack,
)


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
    on_its_way(world, Phase.BAKING, components=tuple(names), weight=10, trip=tripped(), **revisions)
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
    world = guarded(Phase.QUEUED, restore_point=None, staged={}, trip=tripped())
    assert restore_traffic(world, world.deployments.get("d2")) == {}
    assert world.deployments.get("d2").traffic_restored_at is None


def test_an_alarm_does_not_wait_for_a_stack() -> None:
    """Traffic is set back to stable at once, and that is noted; the stack is left to the rollback machine."""
    world = with_a_stack(Phase.BAKING, trip=tripped())
    assert restore_traffic(world, world.deployments.get("d2")) == {}
    assert world.components.known["api"].live == "6"
    assert (world.components.known["infra"].live, world.components.known["infra"].moves) == ("b", [])
    assert world.deployments.get("d2").traffic_restored_at == START


def test_before_any_shift_there_is_nothing_to_restore() -> None:
    """What is staged gets no visitors, and after the trip no shift can begin."""
    world = guarded(Phase.STAGING, trip=tripped())
    assert restore_traffic(world, world.deployments.get("d2")) == {}
    assert [one.moves for one in world.components.known.values()] == [[], []]
    assert world.deployments.get("d2").traffic_restored_at is None


@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_an_alarm_that_is_handled_late_moves_nothing_of_the_next_release(phase: Phase) -> None:
    """It was read when it went back; by now it has ended, and another holds the lock."""
    world = guarded(Phase.BAKING, weight=10, trip=tripped())
    read = world.deployments.get("d2")
    world.deployments.known["d2"] = replace(read, phase=phase)
    failed = restore_traffic(world, read)
    assert set(failed) == {"api", "site"}
    assert live(world) == {"api": ("6", 10), "site": ("aa", 10)}
    assert [one.seal for one in world.components.known.values()] == ["", ""]


def test_the_seal_is_written_where_all_visitors_are_on_stable() -> None:
    """A shift that has read the component, and not yet written, must fail; a second restoration writes nothing."""
    world = guarded(Phase.SHIFTING, trip=tripped())
    for _ in range(2):
        assert restore_traffic(world, world.deployments.get("d2")) == {}
    assert [(one.seal, one.moves) for one in world.components.known.values()] == [("4 back", [0]), ("4 back", [0])]


def test_a_shift_that_read_before_the_seal_fails() -> None:
    """Its write comes after the whole rollback, which has moved nothing: the component differs from what it read."""
    world = guarded()
    api = world.components.known["api"]
    api.before_write = once(lambda: roll_back(world, "reconciler"))
    with pytest.raises((TrippedError, LedgerConflictError)):
        shift(world, "d2", 0)
    assert world.deployments.get("d2").phase is Phase.ROLLED_BACK
    assert (live(world), api.seal) == (RESTORED, "4 back")


def test_an_alarm_answers_every_attempt_that_waits() -> None:
    """Nobody knows for which of them the execution still waits."""
    world = guarded(Phase.BAKING, weight=10, guard_tokens=("one", "two"))
    trip_and_restore(world, "d2", tripped())
    assert world.workflows.answers == {"one": "It broke.", "two": "It broke."}


def in_a_pause(**fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A deployment with all visitors, whose last hook said *not now*: its execution waits, and no token is left."""
    world = guarded(Phase.SHIFTING, weight=100, hook_since=START, **fields)
    at_weight(world, 100)
    return world


def test_an_alarm_in_a_pause_starts_the_rollback() -> None:
    """The pause may last for hours, and visitors must not stay on what could not be restored at once."""
    world = in_a_pause()
    world.components.known["api"].broken = TransientError("no answer")
    assert trip_and_restore(world, "d2", replace(tripped(), at=world.clock.now())) == {"api": "no answer"}
    assert list(world.workflows.rollbacks.values()) == ["d2"]


def test_an_alarm_in_a_pause_ends_the_waiting_also_when_all_is_restored() -> None:
    """Otherwise the environment's lock would be held for nothing."""
    world = in_a_pause()
    assert trip_and_restore(world, "d2", tripped()) == {}
    assert (live(world), list(world.workflows.rollbacks.values())) == (RESTORED, ["d2"])


def test_what_no_state_waits_for_is_restored_by_the_rollback_machine() -> None:
    """A step that is on its way to the visitors pauses, too, and an alarm cannot wake it."""
    world = guarded(Phase.SHIFTING, weight=10, guard_tokens=("over",))
    world.workflows.answers["over"] = "The bake before."
    world.components.known["site"].broken = TransientError("no answer")
    trip_and_restore(world, "d2", tripped())
    assert list(world.workflows.rollbacks.values()) == ["d2"]


def test_an_alarm_that_wakes_the_execution_starts_no_second_rollback() -> None:
    """The execution itself rolls back; nor does the same alarm by another way start one."""
    world = in_a_pause(hook_tokens=("hook",))
    world.components.known["api"].broken = TransientError("no answer")
    trip_and_restore(world, "d2", tripped())
    world.clock.forward(1)
    trip_and_restore(world, "d2", Trip(world.clock.now(), "alarm", "It broke."))
    assert (list(world.workflows.answers), world.workflows.rollbacks) == (["hook"], {})


def test_where_no_visitor_was_moved_none_is_said_to_be_set_back() -> None:
    """A check before traffic has failed."""
    world = rolling_back(moving(Phase.STAGING, weight=0, reached=0))
    note_restored(world, world.deployments.get("d2"))
    assert messages(world, "traffic_restored") == [
        "No visitor was moved: all of them have stayed on the stable revisions."
    ]
