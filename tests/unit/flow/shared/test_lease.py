"""What is stuck is rolled back, what is late is ignored, and what a person put right can be unlocked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.phases import Phase
from controller.errors import SelfrightError
from controller.flow.judge import judge
from controller.flow.on_alarm import on_alarm
from controller.flow.pause import pause
from controller.flow.reconcile import STUCK, reconcile
from controller.flow.rollback.unlock import unlock
from controller.flow.shared.lease import LEASE, PAUSE_SECONDS
from controller.handlers import reconcile as handler
from selfright.recovery.hold import reason_of
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import ALARM, KEY, a_world, on_its_way


def a_silent_deployment() -> FakeWorld:
    """A deployment in its bake, whose execution runs and whose last step forward is just now."""
    world = a_world()
    on_its_way(world, Phase.SHIFTING, weight=10)
    judge(world, "d2", 0)
    return world


def test_a_deployment_within_its_lease_is_left_alone() -> None:
    """A running execution with a fresh lease is well."""
    world = a_silent_deployment()
    world.clock.forward(LEASE.total_seconds() - 1)
    assert reconcile(world) == {}


def test_a_deployment_whose_lease_ran_out_is_rolled_back_though_its_execution_runs() -> None:
    """It waits for an answer that will never come."""
    world = a_silent_deployment()
    world.clock.forward(LEASE.total_seconds() + 60)
    assert reconcile(world) == {"d2": "rollback started"}
    assert STUCK in world.deployments.events["d2"][-1].message


def test_a_hold_has_the_time_that_a_person_is_given() -> None:
    """A week is not stuck."""
    world = a_silent_deployment()
    pause(world, "d2", "pause-token")
    world.clock.forward(PAUSE_SECONDS)
    assert reconcile(world) == {}


def test_a_reconciler_that_fails_says_so_after_all_were_looked_after() -> None:
    """Its own alarm counts the errors of the function."""
    world = a_silent_deployment()
    world.deployments.known["d2"] = replace(world.deployments.known["d2"], environment="gone", phase=Phase.QUEUED)
    world.workflows.running.clear()
    world.workflows.start_rollback = _broken  # type: ignore[method-assign]
    with pytest.raises(SelfrightError, match="d2: failed: no"):
        handler.handle(world, {})


def _broken(*_: object) -> None:
    raise SelfrightError("no")


def test_an_alarm_from_before_the_deployment_does_not_trip_it() -> None:
    """Its event comes late; had it still been firing, the deployment would not have begun."""
    world = a_silent_deployment()
    world.guards.open("d2", [ALARM])
    on_alarm(world, ALARM, "old", START - timedelta(minutes=1))
    assert world.deployments.get("d2").trip is None
    on_alarm(world, ALARM, "new", START + timedelta(minutes=1))
    assert world.deployments.get("d2").trip is not None


def test_a_held_environment_can_be_unlocked_as_it_is() -> None:
    """A person has put it right in another way than back."""
    world = a_world()
    on_its_way(world, Phase.ROLLBACK_FAILED)
    world.locks.known[KEY] = replace(world.locks.known[KEY], holder="", held="The rollback of d2 failed.")
    assert unlock(world, "d2", "moved forward by hand").outcome == "unlocked"
    assert world.locks.load(KEY).held == ""
    assert world.deployments.get("d2").phase is Phase.ROLLBACK_FAILED
    assert "moved forward by hand" in world.deployments.events["d2"][-1].message


def test_an_environment_held_by_an_interrupted_recovery_can_be_unlocked_too() -> None:
    """It names the deployment from whose restore point it began."""
    world = a_world()
    on_its_way(world, Phase.SUCCEEDED)
    world.locks.known[KEY] = replace(world.locks.known[KEY], holder="", held=reason_of(KEY, "d2"))
    assert unlock(world, "d2", "good enough").outcome == "unlocked"
    assert world.locks.load(KEY).held == ""


@pytest.mark.parametrize("held", ["", "The rollback of d1 failed."])
def test_only_the_deployment_that_holds_the_environment_unlocks_it(held: str) -> None:
    """Another deployment's trouble stays."""
    world = a_world()
    on_its_way(world, Phase.SUCCEEDED)
    world.locks.known[KEY] = replace(world.locks.known[KEY], held=held)
    assert unlock(world, "d2", "").outcome == "refused"
    assert world.locks.load(KEY).held == held
