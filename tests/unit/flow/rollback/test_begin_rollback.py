"""Begin rollback: it is claimed once, by the right execution, and refused where it must be."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from controller.domain.deployment import TripSource
from controller.domain.phases import MOVING, Phase
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.shared.closure import close
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import (
    KEY,
    RESTORED,
    STABLE,
    a_deployment,
    a_world,
    failed_rollback,
    live,
    moving,
    once,
    roll_back,
    succeeded,
)


@pytest.mark.parametrize("by", ["person", "reconciler"])
def test_the_deploy_execution_is_stopped(by: TripSource) -> None:
    """Two machines must not work against each other."""
    world = moving()
    begin_rollback(world, "d2", "arn:back", by, "Stop.")
    assert "arn:d2" not in world.workflows.running


def test_the_machine_that_waits_for_its_rollback_is_not_stopped() -> None:
    """A fault is rolled back by the deployment's own execution."""
    world = moving()
    begin_rollback(world, "d2", "arn:back", "fault", "Something failed.")
    assert "arn:d2" in world.workflows.running
    assert world.deployments.get("d2").rollback_attempts == 1


def test_only_one_execution_rolls_back() -> None:
    """A second execution has nothing to do while the first one runs."""
    world = moving()
    begin_rollback(world, "d2", "arn:one", "person", "First.")
    world.workflows.running.add("arn:one")
    assert begin_rollback(world, "d2", "arn:two", "reconciler", "Second.").outcome == "nothing"
    assert world.deployments.get("d2").rollback_execution_arn == "arn:one"


def test_a_rollback_that_died_is_continued() -> None:
    """Its execution no longer runs."""
    world = moving()
    begin_rollback(world, "d2", "arn:one", "person", "First.")
    assert roll_back(world, "reconciler", "arn:two") == "ROLLED_BACK"
    assert world.deployments.get("d2").rollback_attempts == 2


def test_the_same_execution_may_begin_again() -> None:
    """The state may be retried."""
    world = moving()
    begin_rollback(world, "d2", "arn:one", "person", "First.")
    world.workflows.running.add("arn:one")
    assert begin_rollback(world, "d2", "arn:one", "person", "First.").outcome == "begun"


def at_the_claim(world: FakeWorld, act: Callable[[], object]) -> None:
    """Let this happen between the reads of `begin_rollback` and its claim."""
    act_once = once(act)
    world.deployments.before_update = lambda changes: act_once() if "rollback_attempts" in changes else None


def test_two_at_once_claim_one_rollback() -> None:
    """The slower claim loses."""
    world = moving()

    def overtake() -> None:
        world.workflows.running.add("arn:two")
        begin_rollback(world, "d2", "arn:two", "reconciler", "Second.")

    at_the_claim(world, overtake)
    assert begin_rollback(world, "d2", "arn:one", "person", "First.").outcome == "nothing"
    assert world.deployments.get("d2").rollback_execution_arn == "arn:two"


def test_a_claim_whose_answer_was_lost_is_a_claim() -> None:
    """The network lost the answer, and the write was retried."""
    world = moving()
    changes = {"phase": Phase.ROLLING_BACK, "rollback_execution_arn": "arn:one"}
    at_the_claim(world, lambda: world.deployments.update("d2", changes, phases=MOVING))
    assert begin_rollback(world, "d2", "arn:one", "person", "First.").outcome == "begun"


def test_what_succeeds_at_the_same_moment_has_succeeded() -> None:
    """An automatic rollback must not begin after the lock was released."""
    world = moving(Phase.BAKING, weight=100)
    world.deployments.before_update = once(lambda: close(world, "d2", Phase.SUCCEEDED, ""))
    assert begin_rollback(world, "d2", "arn:back", "reconciler", "It died.").outcome == "nothing"
    assert world.deployments.get("d2").phase is Phase.SUCCEEDED


@pytest.mark.parametrize("phase", [Phase.ROLLED_BACK, Phase.REJECTED, Phase.SUPERSEDED])
def test_some_ends_cannot_be_rolled_back(phase: Phase) -> None:
    """Nothing of them is live, so there is nothing to restore."""
    world = a_world()
    a_deployment(world, phase)
    assert begin_rollback(world, "d2", "arn:back", "person", "Please.").outcome == "nothing"


@pytest.mark.parametrize("by", ["fault", "reconciler", "alarm"])
def test_only_a_person_rolls_back_what_has_succeeded(by: TripSource) -> None:
    """A late fault of an execution that has ended must not undo a good release."""
    assert roll_back(succeeded(), by) == "nothing"


def test_a_person_rolls_back_what_has_succeeded() -> None:
    """With the lock, a new token, and a notification of its own."""
    world = succeeded()
    assert roll_back(world) == "ROLLED_BACK"
    assert live(world) == RESTORED
    assert (world.locks.load(KEY).holder, world.locks.load(KEY).live, world.locks.load(KEY).token) == ("", "d1", 5)
    assert world.notifications.sent == [("d2", Phase.ROLLED_BACK)]
    assert world.versions.previous_attempt(KEY, "2.0.0") == ("dd", Phase.ROLLED_BACK)


def test_what_changed_nothing_is_not_rolled_back() -> None:
    """The refusal says why."""
    world = a_world()
    a_deployment(world, Phase.SUCCEEDED, staged=STABLE)
    card = begin_rollback(world, "d2", "arn:back", "person", "Please.")
    assert (card.outcome, card.reason) == ("refused", "It changed nothing, so there is nothing to roll back.")


def test_what_is_not_live_any_more_is_not_rolled_back() -> None:
    """A newer release has replaced it."""
    world = succeeded()
    world.components.known["site"].edit("cc")
    assert begin_rollback(world, "d2", "arn:back", "person", "Please.").outcome == "refused"


def test_a_component_that_somebody_is_changing_refuses() -> None:
    """A component whose traffic is split is not touched."""
    world = succeeded()
    world.components.known["site"].weight = 50
    assert "split" in begin_rollback(world, "d2", "arn:back", "person", "Please.").reason


def test_a_rollback_beside_another_deployment_is_refused() -> None:
    """The other deployment is the one to roll back."""
    world = succeeded()
    world.locks.known[KEY] = replace(world.locks.load(KEY), holder="d3")
    a_deployment(world, Phase.STAGING, "d3")
    assert "d3 holds the lock" in begin_rollback(world, "d2", "arn:back", "person", "Please.").reason


def test_an_abandoned_lock_refuses_only_once() -> None:
    """The lock is released, and the second request succeeds."""
    world = succeeded()
    world.locks.known[KEY] = replace(world.locks.load(KEY), holder="d3")
    a_deployment(world, Phase.REJECTED, "d3", unsent={})
    assert "ask again" in begin_rollback(world, "d2", "arn:back", "person", "Please.").reason
    assert roll_back(world) == "ROLLED_BACK"


def test_a_held_environment_is_freed_by_the_deployment_that_failed() -> None:
    """Rolling back the deployment before would change more before the fault is understood."""
    world = failed_rollback()
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), staged=STABLE, restore_point={})
    card = begin_rollback(world, "d1", "arn:back", "person", "Please.")
    assert card.outcome == "refused"
    assert "d2 failed" in card.reason
