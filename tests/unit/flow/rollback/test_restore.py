"""Restore component: back to stable, in time, and never over a person's change."""

from datetime import timedelta

import pytest

from controller.domain.deployment import Awaited
from controller.domain.lock import release
from controller.domain.phases import Phase
from controller.errors import AwsError, ConflictError, TransientError
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.rollback.close import close_rollback
from controller.flow.rollback.restore import restore_component
from controller.flow.rollback.verify_restoration import verify_restoration
from controller.flow.shared.pending import FIRST_PAUSE
from controller.ports.world import World
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import KEY, SLOW, dying_everywhere, live, moving, with_a_stack


def test_what_a_person_changed_is_not_restored() -> None:
    """Their version is left alone, without retries, and the rollback reports that."""
    world = moving()
    world.components.known["api"].edit("99")
    begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
    assert restore_component(world, "d2", "api").outcome == "left_alone"
    restore_component(world, "d2", "site")
    assert "api: is on 99 and should be on 6" in verify_restoration(world, "d2").reason


def test_nothing_is_restored_without_the_lock() -> None:
    """Another deployment may be changing the environment."""
    world = moving()
    begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
    lock, _ = release(world.locks.load(KEY), "d2")
    world.locks.known[KEY] = lock
    with pytest.raises(ConflictError, match="does not hold the lock"):
        restore_component(world, "d2", "api")
    assert live(world)["api"] == ("6", 10)


def test_a_stack_is_restored_after_the_traffic() -> None:
    """The first round leaves it out; then it is asked until it is done, and only then everything is verified."""
    world = with_a_stack(Phase.BAKING, SLOW)
    assert begin_rollback(world, "d2", "arn:back", "fault", "It broke.").components == ["api"]
    restore_component(world, "d2", "api")
    first = verify_restoration(world, "d2")
    assert (first.outcome, first.components, first.wait_seconds) == ("pending", ["infra"], 0)
    assert restore_component(world, "d2", "infra").outcome == "pending"
    assert verify_restoration(world, "d2").wait_seconds == FIRST_PAUSE
    assert restore_component(world, "d2", "infra").outcome == "restored"
    assert verify_restoration(world, "d2").outcome == "verified"
    assert close_rollback(world, "d2", "").outcome == Phase.ROLLED_BACK
    assert world.components.known["infra"].live == "a"


def test_a_stack_that_cannot_be_restored_is_reported_and_not_retried_for_ever() -> None:
    """A lasting fault ends the wait; the workflow retries after a transient one."""
    world = with_a_stack(Phase.BAKING)
    begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
    restore_component(world, "d2", "api")
    world.components.known["infra"].broken = TransientError("throttled")
    with pytest.raises(TransientError):
        restore_component(world, "d2", "infra")
    assert verify_restoration(world, "d2").outcome == "pending"
    world.components.known["infra"].broken = AwsError("run continue-update-rollback")
    assert restore_component(world, "d2", "infra").outcome == "left_alone"
    answer = verify_restoration(world, "d2")
    assert (answer.outcome, answer.reason) == ("failed", "infra: run continue-update-rollback")


def test_a_restoration_that_dies_anywhere_is_continued() -> None:
    """Whatever call was the last: run again, everything is restored and verified."""

    def back(world: World) -> object:
        restore_component(world, "d2", "api")
        verify_restoration(world, "d2")
        restore_component(world, "d2", "infra")
        restore_component(world, "d2", "infra")
        return verify_restoration(world, "d2")

    def make() -> FakeWorld:
        world = with_a_stack(Phase.BAKING, SLOW)
        begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
        return world

    died = 0
    for where, world in dying_everywhere(make, back):
        died += 1
        back(world)
        assert verify_restoration(world, "d2").outcome == "verified", where
        assert {name: one.live for name, one in world.components.known.items()} == {"api": "6", "infra": "a"}, where
    assert died > 20


def test_a_rollback_has_its_own_patience() -> None:
    """It does not matter how long staging took, and another attempt starts over."""
    waited = {"infra": Awaited(START - timedelta(hours=2), "UPDATE_IN_PROGRESS")}
    world = with_a_stack(Phase.BAKING, SLOW, SLOW, awaited=waited)
    begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
    restore_component(world, "d2", "api")
    assert restore_component(world, "d2", "infra").outcome == "pending"
    world.clock.forward(3601)
    assert restore_component(world, "d2", "infra").outcome == "left_alone"
    assert "not done after 60 minutes" in verify_restoration(world, "d2").reason
