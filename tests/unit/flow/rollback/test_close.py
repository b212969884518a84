"""Close deployment, and the whole rollback up to it: restored, verified, closed, told once."""

from collections.abc import Callable

import pytest

from controller.domain.advice import again_advice
from controller.domain.deployment import Left, Trip, TripSource
from controller.domain.phases import TERMINAL, TOUCHED, Phase
from controller.errors import AwsError, LedgerConflictError
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.rollback.close import NEW_ADVICE, close_rollback
from controller.flow.rollback.restore import restore_component
from controller.flow.rollback.verify_restoration import verify_restoration
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import (
    KEY,
    RESTORED,
    a_deployment,
    a_world,
    dying_everywhere,
    failed_rollback,
    live,
    moving,
    on_its_way,
    once,
    roll_back,
    rolling_back,
    succeeded,
    tripped,
    unstaged_and_closed,
    waiting,
    with_a_stack,
)


@pytest.mark.parametrize("phase", sorted(TOUCHED))
@pytest.mark.parametrize("by", ["fault", "person", "reconciler"])
def test_everything_is_restored(phase: Phase, by: TripSource) -> None:
    """From any phase: traffic, lock, ledger and one notification."""
    world = moving(phase, weight=0 if phase is Phase.STAGING else 10)
    assert roll_back(world, by) == "ROLLED_BACK"
    assert live(world) == RESTORED
    assert (world.locks.load(KEY).holder, world.locks.load(KEY).live) == ("", "d1")
    assert world.deployments.get("d2").traffic_restored_at == world.clock.now()
    assert world.notifications.sent == [("d2", Phase.ROLLED_BACK)]


def test_what_has_no_restore_point_is_rejected() -> None:
    """There is nothing to restore, even if verifying is impossible."""
    world = moving(Phase.STAGING, weight=0, restore_point=None, staged={}, steps=())
    rolling_back(world)
    assert close_rollback(world, "d2", "The restoration could not be verified.", "arn:back").outcome == "REJECTED"
    assert world.locks.load(KEY).held == ""


def test_an_execution_that_was_replaced_closes_nothing() -> None:
    """The execution that rolls it back now decides how it ends."""
    world = rolling_back(moving())
    begin_rollback(world, "d2", "arn:two", "reconciler", "It died.")
    before = world.deployments.get("d2"), world.locks.load(KEY)
    assert close_rollback(world, "d2", "api: denied", "arn:back").outcome == "ROLLING_BACK"
    assert (world.deployments.get("d2"), world.locks.load(KEY)) == before
    assert [one.discarded for one in world.components.known.values()] == [[], []]


@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_what_has_ended_is_not_closed_again(phase: Phase) -> None:
    """The outcome is how it ended."""
    world = a_world()
    before = a_deployment(world, phase, rollback_execution_arn="arn:back")
    assert close_rollback(world, "d2", "api: denied", "arn:back").outcome == phase
    assert world.deployments.get("d2") == before


def test_a_rollback_that_is_replaced_while_it_closes_does_not_end_it() -> None:
    """Between its read and its write another execution has taken over."""
    world = rolling_back(moving())
    other = {"rollback_execution_arn": "arn:two"}
    world.locks.before_save = once(lambda: world.deployments.update("d2", other, phases={Phase.ROLLING_BACK}))
    with pytest.raises(LedgerConflictError):
        close_rollback(world, "d2", "api: denied", "arn:back")
    assert (world.deployments.get("d2").phase, world.locks.load(KEY).held) == (Phase.ROLLING_BACK, "")


@pytest.mark.parametrize(("source", "advice"), [("judge", NEW_ADVICE), ("fault", again_advice("d2"))])
def test_the_advice_depends_on_the_evidence(source: str, advice: str) -> None:
    """Only a version with evidence against it must not be released again."""
    world = moving(trip=tripped(source))
    roll_back(world)
    assert world.deployments.get("d2").next_step.startswith(advice)


def test_with_evidence_the_way_to_release_it_all_the_same_is_said() -> None:
    """The cause may have been elsewhere, and only people know."""
    world = moving(trip=tripped("judge"))
    roll_back(world)
    assert '`selfright retry d2 --reason "…"`' in world.deployments.get("d2").next_step


def test_a_rollback_that_fails_says_what_is_wrong() -> None:
    """What could be restored is restored; the rest, and what to do, is in the ledger and the notification."""
    world = failed_rollback()
    assert live(world) == {"api": ("6", 10), "site": ("aa", 0)}
    deployment = world.deployments.get("d2")
    assert "api: denied" in deployment.reason
    assert "`selfright rollback d2`" in deployment.next_step
    assert f'`selfright unlock {KEY} --reason "…"`' in deployment.next_step
    assert "d2 failed" in world.locks.load(KEY).held
    assert world.notifications.sent == [("d2", Phase.ROLLBACK_FAILED)]


def test_a_reason_without_a_full_stop_gets_one_before_what_follows() -> None:
    """People write *wrong prices*; alone it stays as they wrote it."""
    world = moving(trip=Trip(START, "person", "wrong prices"))
    world.components.known["api"].broken = AwsError("denied")
    roll_back(world)
    assert world.deployments.get("d2").reason.startswith("wrong prices. Restoring failed: api: denied")


def test_a_failed_rollback_can_be_done_again_by_a_person() -> None:
    """Once the obstacle is gone, the same command verifies and unlocks the environment."""
    world = failed_rollback()
    world.components.known["api"].broken = None
    assert roll_back(world) == "ROLLED_BACK"
    assert world.locks.load(KEY).held == ""
    assert live(world) == RESTORED


def test_the_trip_is_the_reason() -> None:
    """People read the first trip, however it was rolled back."""
    world = moving(trip=tripped())
    roll_back(world, "fault")
    assert world.deployments.get("d2").reason == "It broke."


def test_the_one_that_waits_gets_the_lock() -> None:
    """The lock is released after a rollback too."""
    world = moving()
    waiting(world)
    roll_back(world)
    assert world.locks.load(KEY).holder == "d3"


@pytest.mark.parametrize("make", [moving, succeeded])
def test_wherever_it_dies_another_execution_completes_it(make: Callable[[], FakeWorld]) -> None:
    """At every call of the whole machine: the next execution restores everything."""
    for where, world in dying_everywhere(make, roll_back):
        again = roll_back(world, "person", "arn:two")
        assert again in {"ROLLED_BACK", "nothing"}, where
        deployment = world.deployments.get("d2")
        assert (deployment.phase, live(world)) == (Phase.ROLLED_BACK, RESTORED), where
        assert world.workflows.running == set(), where


def test_what_is_left_on_purpose_is_reported_and_counts_as_restored() -> None:
    """The deployment's reason says what stayed."""
    world = with_a_stack(Phase.BAKING, left=Left("The table stays."))
    begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
    for name in ("api", "infra"):
        restore_component(world, "d2", name)
    world.components.known["infra"].live = "c"
    assert verify_restoration(world, "d2").outcome == "verified"
    unstaged_and_closed(world)
    assert world.deployments.get("d2").reason.startswith("It broke. infra: The table stays.")


def test_a_rollback_is_marked_where_it_begins_and_ends() -> None:
    """Both are on the graph, so that people see what lies between them."""
    world = a_world()
    on_its_way(world, Phase.BAKING, weight=10)
    begin_rollback(world, "d2", "arn:back", "alarm", "It broke.")
    unstaged_and_closed(world)
    assert world.markers.made == [("d2", Phase.ROLLING_BACK), ("d2", Phase.ROLLED_BACK)]
