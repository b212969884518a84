"""The rollback: claimed once, restored, verified, closed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from controller.domain.deployment import TripSource
from controller.domain.lock import release
from controller.domain.phases import MOVING, Phase
from controller.errors import AwsError, ConflictError
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.rollback.close import close_rollback
from controller.flow.rollback.restore import restore_component
from controller.flow.rollback.verify_restoration import verify_restoration
from controller.flow.shared.closure import close
from controller.ports.world import World
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import (
    CHECKS,
    KEY,
    RESTORED,
    STABLE,
    a_deployment,
    a_world,
    at_weight,
    dying_everywhere,
    live,
    on_its_way,
    once,
    tripped,
    waiting,
)


def going(phase: Phase = Phase.BAKING, weight: int = 10, **fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A deployment on its way."""
    world = a_world()
    on_its_way(world, phase, weight=weight, **fields)
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), checks=CHECKS)
    at_weight(world, weight)
    return world


def promoted() -> FakeWorld:
    """A deployment that has succeeded; the environment is free."""
    world = going(Phase.BAKING, weight=100)
    close(world, "d2", Phase.SUCCEEDED, "")
    world.workflows.running.clear()
    world.notifications.sent.clear()
    return world


def roll_back(world: World, by: TripSource = "person", arn: str = "arn:back") -> str:
    """The whole machine, as its definition has it; the outcome of its last state."""
    card = begin_rollback(world, "d2", arn, by, "It broke.")
    if card.outcome != "begun":
        return str(card.outcome)
    for name in card.components:
        restore_component(world, "d2", name)
    return str(close_rollback(world, "d2", verify_restoration(world, "d2").reason).outcome)


@pytest.mark.parametrize("phase", sorted(MOVING - {Phase.RECEIVED, Phase.QUEUED}))
@pytest.mark.parametrize("by", ["fault", "person", "reconciler"])
def test_everything_is_put_back(phase: Phase, by: TripSource) -> None:
    """From any phase: traffic, turn, ledger and one notification."""
    world = going(phase)
    assert roll_back(world, by) == "ROLLED_BACK"
    assert live(world) == RESTORED
    assert (world.locks.load(KEY).holder, world.locks.load(KEY).live) == ("", "d1")
    assert world.deployments.get("d2").traffic_restored_at == world.clock.now()
    assert world.notifications.sent == [("d2", Phase.ROLLED_BACK)]


@pytest.mark.parametrize("phase", [Phase.RECEIVED, Phase.QUEUED])
def test_what_was_not_touched_is_rejected(phase: Phase) -> None:
    """There is nothing to put back, even if verifying is impossible."""
    world = a_world()
    a_deployment(world, phase)
    begin_rollback(world, "d2", "arn:back", "person", "Never mind.")
    assert close_rollback(world, "d2", "The restoration could not be verified.").outcome == "REJECTED"
    assert world.locks.load(KEY).held == ""


@pytest.mark.parametrize("by", ["person", "reconciler"])
def test_what_still_goes_forward_is_stopped(by: TripSource) -> None:
    """Two machines must not pull at one rope."""
    world = going()
    begin_rollback(world, "d2", "arn:back", by, "Stop.")
    assert "arn:d2" not in world.workflows.running


def test_the_machine_that_waits_for_its_rollback_is_not_stopped() -> None:
    """A fault is rolled back by the deployment's own execution."""
    world = going()
    begin_rollback(world, "d2", "arn:back", "fault", "Something failed.")
    assert "arn:d2" in world.workflows.running
    assert world.deployments.get("d2").rollback_attempts == 1


def test_only_one_execution_rolls_back() -> None:
    """Whoever comes second, while the first one runs, has nothing to do."""
    world = going()
    begin_rollback(world, "d2", "arn:one", "person", "First.")
    world.workflows.running.add("arn:one")
    assert begin_rollback(world, "d2", "arn:two", "reconciler", "Second.").outcome == "nothing"
    assert world.deployments.get("d2").rollback_execution_arn == "arn:one"


def test_a_rollback_that_died_is_taken_over() -> None:
    """Its execution runs no more."""
    world = going()
    begin_rollback(world, "d2", "arn:one", "person", "First.")
    assert roll_back(world, "reconciler", "arn:two") == "ROLLED_BACK"
    assert world.deployments.get("d2").rollback_attempts == 2


def test_the_same_execution_may_begin_again() -> None:
    """A state that is tried again."""
    world = going()
    begin_rollback(world, "d2", "arn:one", "person", "First.")
    world.workflows.running.add("arn:one")
    assert begin_rollback(world, "d2", "arn:one", "person", "First.").outcome == "begun"


def at_the_claim(world: FakeWorld, act: Callable[[], object]) -> None:
    """Let this happen between the reads of `begin` and its claim."""
    act_once = once(act)
    world.deployments.before_update = lambda changes: act_once() if "rollback_attempts" in changes else None


def test_two_at_once_claim_one_rollback() -> None:
    """The slower claim loses."""
    world = going()

    def overtake() -> None:
        world.workflows.running.add("arn:two")
        begin_rollback(world, "d2", "arn:two", "reconciler", "Second.")

    at_the_claim(world, overtake)
    assert begin_rollback(world, "d2", "arn:one", "person", "First.").outcome == "nothing"
    assert world.deployments.get("d2").rollback_execution_arn == "arn:two"


def test_a_claim_whose_answer_was_lost_is_a_claim() -> None:
    """The network swallowed the answer and the write was tried again."""
    world = going()
    changes = {"phase": Phase.ROLLING_BACK, "rollback_execution_arn": "arn:one"}
    at_the_claim(world, lambda: world.deployments.update("d2", changes, phases=MOVING))
    assert begin_rollback(world, "d2", "arn:one", "person", "First.").outcome == "begun"


def test_what_succeeds_at_the_same_moment_has_succeeded() -> None:
    """A rollback that nobody asked for must not begin after the lock was handed on."""
    world = going(Phase.BAKING, weight=100)
    world.deployments.before_update = once(lambda: close(world, "d2", Phase.SUCCEEDED, ""))
    assert begin_rollback(world, "d2", "arn:back", "reconciler", "It died.").outcome == "nothing"
    assert world.deployments.get("d2").phase is Phase.SUCCEEDED


@pytest.mark.parametrize("phase", [Phase.ROLLED_BACK, Phase.REJECTED, Phase.SUPERSEDED])
def test_some_ends_cannot_be_rolled_back(phase: Phase) -> None:
    """There is nothing of them to be put back."""
    world = a_world()
    a_deployment(world, phase)
    assert begin_rollback(world, "d2", "arn:back", "person", "Please.").outcome == "nothing"


@pytest.mark.parametrize("by", ["fault", "reconciler", "alarm"])
def test_only_a_person_rolls_back_what_has_succeeded(by: TripSource) -> None:
    """A late fault of an execution that is over is nobody's order."""
    assert roll_back(promoted(), by) == "nothing"


def test_a_person_rolls_back_what_has_succeeded() -> None:
    """With the lock, a new token, and a notification of its own."""
    world = promoted()
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
    """A newer release stands on it."""
    world = promoted()
    world.components.known["site"].edit("cc")
    assert begin_rollback(world, "d2", "arn:back", "person", "Please.").outcome == "refused"


def test_traffic_in_somebodys_hands_refuses() -> None:
    """A component that is being shifted is not pulled away."""
    world = promoted()
    world.components.known["site"].weight = 50
    assert "split" in begin_rollback(world, "d2", "arn:back", "person", "Please.").reason


def test_a_rollback_waits_for_nobody_but_refuses() -> None:
    """Another deployment is on its way: it is the one to roll back."""
    world = promoted()
    world.locks.known[KEY] = replace(world.locks.load(KEY), holder="d3")
    a_deployment(world, Phase.STAGING, "d3")
    assert "d3 holds the lock" in begin_rollback(world, "d2", "arn:back", "person", "Please.").reason


def test_a_dead_holder_does_not_stand_in_the_way_twice() -> None:
    """The lock is freed, and asking again works."""
    world = promoted()
    world.locks.known[KEY] = replace(world.locks.load(KEY), holder="d3")
    a_deployment(world, Phase.REJECTED, "d3", notification="sent")
    assert "ask again" in begin_rollback(world, "d2", "arn:back", "person", "Please.").reason
    assert roll_back(world) == "ROLLED_BACK"


def failed() -> FakeWorld:
    """A rollback that could not put the API back: the environment is held."""
    world = going()
    world.components.known["api"].broken = AwsError("denied")
    begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
    restore_component(world, "d2", "site")
    with pytest.raises(AwsError):
        restore_component(world, "d2", "api")
    trouble = verify_restoration(world, "d2").reason
    assert close_rollback(world, "d2", trouble).outcome == "ROLLBACK_FAILED"
    return world


def test_a_rollback_that_fails_says_what_is_wrong() -> None:
    """What could be put back is back; the rest, and what to do, is in the ledger and the notification."""
    world = failed()
    assert live(world) == {"api": ("6", 10), "site": ("aa", 0)}
    deployment = world.deployments.get("d2")
    assert "api: denied" in deployment.reason
    assert "selfright rollback" in deployment.next_step
    assert "d2 failed" in world.locks.load(KEY).held
    assert world.notifications.sent == [("d2", Phase.ROLLBACK_FAILED)]


def test_a_failed_rollback_can_be_done_again_by_a_person() -> None:
    """When what was in the way is gone, the same command verifies and frees the environment."""
    world = failed()
    world.components.known["api"].broken = None
    assert roll_back(world) == "ROLLED_BACK"
    assert world.locks.load(KEY).held == ""
    assert live(world) == RESTORED


def test_a_held_environment_is_freed_by_the_deployment_that_failed() -> None:
    """Rolling back the one before would move more before what is broken is known."""
    world = failed()
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), staged=STABLE, restore_point={})
    card = begin_rollback(world, "d1", "arn:back", "person", "Please.")
    assert card.outcome == "refused"
    assert "d2 failed" in card.reason


def test_what_a_person_changed_is_not_restored() -> None:
    """Their version is left alone, without trying again and again, and the rollback says so."""
    world = going()
    world.components.known["api"].edit("99")
    begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
    assert restore_component(world, "d2", "api").outcome == "left_alone"
    restore_component(world, "d2", "site")
    assert "api: is on 99 and should be on 6" in verify_restoration(world, "d2").reason


def test_nothing_is_restored_without_the_lock() -> None:
    """Others may be at work in the environment by now."""
    world = going()
    begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
    lock, _ = release(world.locks.load(KEY), "d2")
    world.locks.known[KEY] = lock
    with pytest.raises(ConflictError, match="does not hold the lock"):
        restore_component(world, "d2", "api")
    assert live(world)["api"] == ("6", 10)


def test_the_release_that_is_live_again_is_asked_from_outside() -> None:
    """Its own checks must pass: putting back is proven, not believed."""
    world = going(weight=0)
    world.probe.wrong = ["no", "no", "no"]
    assert "GET /health of api: no" in verify_restoration(world, "d2").reason
    assert verify_restoration(world, "d2").outcome == "verified"


def test_a_rollback_makes_no_load() -> None:
    """Of the former release's checks, only those are made that a visitor could make."""
    world = going(weight=0)
    checks = (
        '{"component":"api","kind":"load","path":"/load","p95_ms":100}',
        '{"component":"api","path":"/staged","only":"staged"}',
        '{"component":"site","kind":"site"}',
    )
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), checks=checks)
    assert verify_restoration(world, "d2").outcome == "verified"
    assert world.probe.asked == ["https://site.example/"]


def test_the_trip_is_the_reason() -> None:
    """What tripped it first is what people read, however it was rolled back."""
    world = going(trip=tripped())
    roll_back(world, "fault")
    assert world.deployments.get("d2").reason == "It broke."


def test_who_waits_goes_next() -> None:
    """The lock is released after a rollback too."""
    world = going()
    waiting(world)
    roll_back(world)
    assert world.locks.load(KEY).holder == "d3"


@pytest.mark.parametrize("make", [going, promoted])
def test_wherever_it_dies_another_execution_brings_it_to_its_end(make: Callable[[], FakeWorld]) -> None:
    """At every call of the whole machine: the next execution puts everything back, and people hear of it once."""
    for where, world in dying_everywhere(make, roll_back):
        again = roll_back(world, "person", "arn:two")
        assert again in {"ROLLED_BACK", "nothing"}, where
        deployment = world.deployments.get("d2")
        assert (deployment.phase, live(world)) == (Phase.ROLLED_BACK, RESTORED), where
        assert world.workflows.running == set(), where
