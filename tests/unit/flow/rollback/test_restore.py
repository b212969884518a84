"""Restore component: back to stable, in time, and never over a person's change."""

from datetime import timedelta

import pytest

from controller.domain.deployment import Awaited, Trip, Trouble
from controller.domain.phases import TERMINAL, Phase
from controller.errors import AwsError, ChangedByOthersError, ConflictError, TransientError
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.rollback.restore import LONGEST_WRITE, restore_component
from controller.flow.rollback.verify_restoration import verify_restoration
from controller.flow.shared.pending import FIRST_PAUSE
from controller.ports.world import World
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import (
    CANARY,
    SLOW,
    STABLE,
    at_weight,
    dying_everywhere,
    live,
    moving,
    once,
    rolling_back,
    unstaged_and_closed,
    with_a_stack,
)

LONG_AGO = Trip(START - LONGEST_WRITE, "judge", "It broke.")


def test_what_a_person_changed_is_not_restored() -> None:
    """Their version is left alone, without retries, and the rollback reports that."""
    world = rolling_back(moving())
    world.components.known["api"].edit("99")
    assert restore_component(world, "d2", "api").outcome == "left_alone"
    restore_component(world, "d2", "site")
    assert "api: it is on 99, not on 6" in verify_restoration(world, "d2").reason
    assert live(world) == {"api": ("99", 0), "site": ("aa", 0)}


@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_nothing_is_restored_once_the_deployment_has_ended(phase: Phase) -> None:
    """The next one may be changing the environment; a late attempt of this task writes nothing."""
    world = moving(phase)
    before = world.deployments.get("d2")
    assert restore_component(world, "d2", "api").outcome == "over"
    assert (live(world)["api"], world.deployments.get("d2")) == (("6", 10), before)


def test_a_deployment_that_ends_between_read_and_write_is_not_restored() -> None:
    """The fence is asked after the component was read; so nothing is written, and nothing is noted."""
    world = rolling_back(moving())
    at_weight(world, 10)
    api = world.components.known["api"]
    api.before_check = once(
        lambda: world.deployments.update("d2", {"phase": Phase.ROLLED_BACK}, phases={Phase.ROLLING_BACK})
    )
    assert restore_component(world, "d2", "api").outcome == "over"
    assert (live(world)["api"], world.deployments.get("d2").troubles) == (("6", 10), {})


def test_passing_trouble_is_noted_since_when_and_tried_again() -> None:
    """The task fails, so that it is retried; its first moment stays."""
    world = rolling_back(moving())
    world.components.known["api"].broken = TransientError("no answer")
    for _ in range(2):
        with pytest.raises(TransientError):
            restore_component(world, "d2", "api")
        world.clock.forward(20)
    assert world.deployments.get("d2").troubles == {"api": Trouble(START, "no answer")}


@pytest.mark.parametrize("error", [ChangedByOthersError("it is on 99"), AwsError("denied"), ConflictError("no point")])
def test_lasting_trouble_is_noted_since_when(error: Exception) -> None:
    """A retry cannot help; whether it lasts is decided when it is seen again."""
    world = rolling_back(moving(trip=LONG_AGO))
    world.components.known["api"].broken = error
    for _ in range(2):
        assert restore_component(world, "d2", "api").outcome == "left_alone"
        world.clock.forward(20)
    assert world.deployments.get("d2").troubles == {"api": Trouble(START, str(error), lasting=True)}


def test_a_refusal_counts_only_when_no_write_of_a_shift_can_be_on_its_way() -> None:
    """It leaves no seal, so a late shift could still move what a person would be told to look at."""
    world = rolling_back(moving())
    world.components.known["api"].broken = AwsError("denied")
    assert restore_component(world, "d2", "api").outcome == "left_alone"
    assert not world.deployments.get("d2").troubles["api"].lasting
    world.clock.forward(LONGEST_WRITE.total_seconds())
    restore_component(world, "d2", "api")
    assert world.deployments.get("d2").troubles == {"api": Trouble(world.clock.now(), "denied", lasting=True)}


def test_trouble_of_another_kind_begins_anew() -> None:
    """After an outage, what is refused has not been refused for so long."""
    world = rolling_back(moving(trip=LONG_AGO))
    api = world.components.known["api"]
    api.broken = TransientError("no answer")
    with pytest.raises(TransientError):
        restore_component(world, "d2", "api")
    world.clock.forward(60)
    api.broken = AwsError("denied")
    restore_component(world, "d2", "api")
    assert world.deployments.get("d2").troubles["api"].since == START + timedelta(seconds=60)


def test_what_is_restored_has_no_trouble_any_more() -> None:
    """Trouble that comes again later begins anew."""
    world = rolling_back(moving())
    api = world.components.known["api"]
    api.broken = AwsError("denied")
    restore_component(world, "d2", "api")
    api.broken = None
    assert restore_component(world, "d2", "api").outcome == "restored"
    assert world.deployments.get("d2").troubles["api"].reason == ""
    world.clock.forward(60)
    api.broken = AwsError("denied")
    restore_component(world, "d2", "api")
    assert world.deployments.get("d2").troubles["api"].since == START + timedelta(seconds=60)


@pytest.mark.parametrize("reached", [0, 10])
def test_only_what_a_shift_may_have_moved_is_written(reached: int) -> None:
    """If no shift ever began, no write of one can be on its way; and what is unchanged is moved by none."""
    staged = {**CANARY, "site": STABLE["site"]}
    world = rolling_back(moving(Phase.STAGING, weight=0, reached=reached, staged=staged))
    for name in STABLE:
        assert restore_component(world, "d2", name).outcome == "restored"
    assert {name: one.moves for name, one in world.components.known.items()} == {
        "api": [0] if reached else [],
        "site": [],
    }


def test_the_seal_is_written_where_nothing_is_to_be_moved_and_once() -> None:
    """From then on every shift that is still on its way finds the component changed."""
    world = rolling_back(moving(weight=0))
    for _ in range(2):
        restore_component(world, "d2", "api")
    api = world.components.known["api"]
    assert (api.live, api.seal, api.moves) == ("6", "4 back", [0])


def test_a_stack_is_restored_after_the_traffic() -> None:
    """The first round leaves it out; then it is asked until it is done, and only then everything is verified."""
    world = with_a_stack(Phase.BAKING, SLOW)
    assert begin_rollback(world, "d2", "arn:back", "fault", "It broke.").components == ["api"]
    restore_component(world, "d2", "api")
    first = verify_restoration(world, "d2")
    assert (first.outcome, first.components, first.wait_seconds) == ("pending", ["infra"], FIRST_PAUSE)
    assert restore_component(world, "d2", "infra").outcome == "pending"
    assert verify_restoration(world, "d2").wait_seconds == FIRST_PAUSE
    assert restore_component(world, "d2", "infra").outcome == "restored"
    assert verify_restoration(world, "d2").outcome == "verified"
    assert unstaged_and_closed(world).outcome == Phase.ROLLED_BACK
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
    world.clock.forward(LONGEST_WRITE.total_seconds())
    assert restore_component(world, "d2", "infra").outcome == "left_alone"
    assert verify_restoration(world, "d2").outcome == "pending"
    world.clock.forward(30)
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
