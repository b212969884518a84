"""Begin rollback: it is claimed once, by the right execution, and refused where it must be."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from controller.domain.advice import again_advice
from controller.domain.deployment import Revision, TripSource
from controller.domain.phases import MOVING, UNTOUCHED, Phase
from controller.errors import TransientError
from controller.flow.rollback.begin_rollback import RollbackBegun, begin_rollback
from controller.flow.rollback.emergency import emergency
from controller.flow.shared.closure import close
from controller.flow.shared.hand_over import accept
from controller.seen_again import PAUSES
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import (
    CANARY,
    KEY,
    RESTORED,
    STABLE,
    a_deployment,
    a_world,
    failed_rollback,
    live,
    moving,
    on_its_way,
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


def test_the_same_execution_may_begin_again() -> None:
    """The state may be retried."""
    world = moving()
    begin_rollback(world, "d2", "arn:one", "person", "First.")
    world.workflows.running.add("arn:one")
    assert begin_rollback(world, "d2", "arn:one", "person", "First.").outcome == "begun"


def at_the_claim(world: FakeWorld, act: Callable[[], object]) -> None:
    """Let this happen between the reads of `begin_rollback` and its claim."""
    act_once = once(act)
    world.deployments.before_update = lambda changes: act_once() if "rollback_execution_arn" in changes else None


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


def released_again() -> FakeWorld:
    """The release that has succeeded was released once more, which changed nothing."""
    world = succeeded()
    a_deployment(world, Phase.SUCCEEDED, "d3", previous="d2", restore_point=CANARY, staged=CANARY, unsent={})
    world.locks.known[KEY] = replace(world.locks.load(KEY), live="d3")
    return world


def test_of_a_release_that_changed_nothing_a_person_rolls_back_what_it_stands_on() -> None:
    """The last release that differs, and the answer names it."""
    world = released_again()
    begun = begin_rollback(world, "d3", "arn:back", "person", "Please.")
    assert isinstance(begun, RollbackBegun)
    assert (begun.outcome, begun.deployment.deployment_id) == ("begun", "d2")


def test_in_an_emergency_as_well() -> None:
    """Traffic is set back at once."""
    world = released_again()
    assert emergency(world, "d3", "prices").outcome == "restored"
    assert (live(world), world.locks.load(KEY).holder) == (RESTORED, "d2")


def test_below_a_release_that_changes_something_nothing_is_rolled_back() -> None:
    """The one that was named is not live any more."""
    world = released_again()
    a_deployment(world, Phase.SUCCEEDED, "d4", previous="d3", restore_point=CANARY, staged=STABLE, unsent={})
    world.locks.known[KEY] = replace(world.locks.load(KEY), live="d4")
    assert begin_rollback(world, "d3", "arn:back", "person", "Please.").outcome == "refused"


@pytest.mark.parametrize("by", ["fault", "reconciler"])
def test_no_fault_rolls_back_what_has_succeeded(by: TripSource) -> None:
    """A late fault of an execution that has ended must not undo a good release."""
    assert roll_back(succeeded(), by) == "nothing"


def test_a_person_rolls_back_what_has_succeeded() -> None:
    """With the lock, a new token, and a notification of its own."""
    world = succeeded()
    assert roll_back(world) == "ROLLED_BACK"
    assert live(world) == RESTORED
    assert (world.locks.load(KEY).holder, world.locks.load(KEY).live, world.locks.load(KEY).token) == ("", "d1", 5)
    assert world.notifications.sent == [("d2", Phase.ROLLED_BACK)]
    assert world.versions.previous_attempt(KEY, "2.0.0") == ("dd", Phase.SUCCEEDED)  # Nothing speaks against it.


def test_what_changed_nothing_is_not_rolled_back() -> None:
    """The refusal says why."""
    world = a_world()
    a_deployment(world, Phase.SUCCEEDED, staged=STABLE)
    card = begin_rollback(world, "d2", "arn:back", "person", "Please.")
    assert (card.outcome, card.reason) == (
        "refused",
        "It changed nothing, and no release before it is known that did: there is nothing to roll back.",
    )


def test_what_is_not_live_any_more_is_not_rolled_back() -> None:
    """A newer release has replaced it."""
    world = succeeded()
    world.components.known["site"].edit("cc")
    assert begin_rollback(world, "d2", "arn:back", "person", "Please.").outcome == "refused"


BY_HAND = "api was changed by hand: it is on 5, and this release left it on 7. "


@pytest.mark.parametrize("begin", [begin_rollback, emergency])
def test_what_was_moved_by_hand_is_named_with_the_commands_that_help(begin: Callable[..., RollbackBegun]) -> None:
    """The release is the live one, so *roll back the live one* would lead in a circle; nothing is moved."""
    world = succeeded()
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), export="ee")
    world.components.known["api"].edit("5")
    by = ("arn:back", "person") if begin is begin_rollback else ()
    refused = begin(world, "d2", *by, "Please.")
    assert (refused.outcome, live(world)["api"]) == ("refused", ("5", 0))
    assert str(refused.reason).startswith(BY_HAND)
    for command in ("selfright restore d2", f"selfright status {KEY}", "selfright rollback d2"):
        assert f"`{command}`" in str(refused.reason)


def test_everything_that_was_moved_by_hand_is_named() -> None:
    """One after the other would need as many rollbacks; what was not exported cannot be recovered."""
    world = succeeded()
    world.components.known["api"].edit("5")
    world.components.known["site"].weight = 50
    reason = str(begin_rollback(world, "d2", "arn:back", "person", "Please.").reason)
    assert reason.startswith(f"{BY_HAND.rstrip('. ')}; site was changed by hand: traffic is split between")
    assert "selfright restore" not in reason


def test_what_a_later_release_moved_was_not_changed_by_hand() -> None:
    """Then the later one is to be rolled back."""
    world = succeeded()
    world.locks.known[KEY] = replace(world.locks.load(KEY), live="d3")
    later = {"restore_point": CANARY, "staged": {**CANARY, "api": Revision("8")}}
    a_deployment(world, Phase.SUCCEEDED, "d3", previous="d2", **later)
    world.components.known["api"].edit("8")
    reason = begin_rollback(world, "d2", "arn:back", "person", "Please.").reason
    assert reason == "api is not on this release any more: roll back the deployment that is live."


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


@pytest.mark.parametrize("ended", [True, False])
def test_an_abandoned_lock_refuses_nothing(*, ended: bool) -> None:
    """Its holder has ended, or the ledger does not know it; so the lock is taken over."""
    world = succeeded()
    world.locks.known[KEY] = replace(world.locks.load(KEY), holder="d3")
    if ended:
        a_deployment(world, Phase.REJECTED, "d3", unsent={})
    assert roll_back(world) == "ROLLED_BACK"


def test_a_held_environment_is_freed_by_the_deployment_that_failed() -> None:
    """Rolling back the deployment before would change more before the fault is understood."""
    world = failed_rollback()
    for name, component in world.components.known.items():
        component.broken = None
        component.edit(STABLE[name].id)
    before = {"api": Revision("5"), "site": Revision("zz")}
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), staged=STABLE, restore_point=before)
    card = begin_rollback(world, "d1", "arn:back", "person", "Please.")
    assert card.outcome == "refused"
    assert "The rollback of d2 failed" in str(card.reason)


def test_the_live_release_is_the_one_to_roll_back() -> None:
    """The refusal of another one names it, even if its components happen to be as it left them."""
    world = succeeded()
    world.locks.known[KEY] = replace(world.locks.load(KEY), live="d3")
    card = begin_rollback(world, "d2", "arn:back", "person", "Please.")
    assert (card.outcome, card.reason) == (
        "refused",
        "It is not live any more: d3 is. Roll back the deployment that is live.",
    )


def test_a_failed_rollback_that_was_accepted_is_not_done_again() -> None:
    """The refusal says why."""
    world = failed_rollback()
    world.components.known["api"].broken = None
    accept(world, world.deployments.get("d2"))
    card = begin_rollback(world, "d2", "arn:two", "person", "Please.")
    assert (card.outcome, world.deployments.get("d2").phase) == ("refused", Phase.ROLLBACK_FAILED)
    assert "was accepted" in str(card.reason)


def test_a_revision_that_is_gone_is_not_rolled_back_to() -> None:
    """Nothing is taken or moved for a rollback that could not end."""
    world = succeeded()
    world.components.known["site"].gone.add("aa")
    card = begin_rollback(world, "d2", "arn:back", "person", "Please.")
    assert (card.outcome, world.locks.load(KEY).holder) == ("refused", "")
    assert card.reason == "site: the revision aa, which was live before, does not exist any more."


def test_an_outage_is_no_refusal() -> None:
    """Whether the revision exists is asked again."""
    world = succeeded()
    world.components.known["site"].broken = TransientError("no answer")
    with pytest.raises(TransientError):
        begin_rollback(world, "d2", "arn:back", "person", "Please.")


@pytest.mark.parametrize("by", ["person", "reconciler", "fault"])
@pytest.mark.parametrize("phase", sorted(UNTOUCHED))
def test_what_was_not_touched_is_rejected(phase: Phase, by: TripSource) -> None:
    """Nothing is restored; the lock goes on, and people are told that the same bundle can be uploaded again."""
    world = a_world()
    on_its_way(world, phase, restore_point=None, staged={}, steps=(), queue_tokens=("token",))
    if phase is Phase.RECEIVED:
        world.locks.known[KEY] = replace(world.locks.load(KEY), holder="")
    assert begin_rollback(world, "d2", "arn:back", by, "Never mind.").outcome == "nothing"
    ended = world.deployments.get("d2")
    assert (ended.phase, ended.reason, ended.next_step) == (Phase.REJECTED, "Never mind.", again_advice("d2"))
    assert (world.locks.load(KEY).holder, world.locks.load(KEY).held) == ("", "")
    assert world.workflows.answers["token"]["outcome"] == "rejected"  # type: ignore[index]
    assert world.notifications.sent == [("d2", Phase.REJECTED)]


def test_what_goes_on_while_it_is_rejected_is_rolled_back() -> None:
    """It was staged between the read and the write, so something was touched."""
    world = a_world()
    on_its_way(world, Phase.QUEUED, restore_point=STABLE, staged={}, steps=())
    world.locks.before_save = once(
        lambda: world.deployments.update("d2", {"phase": Phase.STAGING}, phases={Phase.QUEUED})
    )
    assert begin_rollback(world, "d2", "arn:back", "person", "Stop.").outcome == "begun"
    assert (world.deployments.get("d2").phase, world.locks.load(KEY).holder) == (Phase.ROLLING_BACK, "d2")


def test_what_was_rolled_back_for_no_fault_is_tripped_with_the_reason() -> None:
    """Every rollback has its reason in the ledger, whoever asked for it."""
    world = moving()
    begin_rollback(world, "d2", "arn:back", "reconciler", "It died.")
    made = world.deployments.get("d2").trip
    assert made is not None
    assert (made.source, made.reason) == ("reconciler", "It died.")


def test_a_deployment_that_does_not_exist_is_refused_at_once() -> None:
    """A person has mistyped its id in the console: the state must not be retried for a day."""
    begun = begin_rollback(moving(), "d9", "arn:back", "person", "Told to.")
    assert begun.outcome == "refused"
    assert "d9" in begun.reason


def test_a_live_release_of_an_environment_that_is_gone_is_refused_at_once() -> None:
    """Nobody can say where its components are."""
    world = succeeded()
    del world.environments.known[KEY]
    begun = begin_rollback(world, "d2", "arn:back", "person", "Told to.")
    assert begun.outcome == "refused"
    assert KEY in begun.reason
    assert world.deployments.get("d2").phase is Phase.SUCCEEDED


def test_a_release_that_is_not_seen_yet_is_rolled_back(slept: list[float]) -> None:
    """A person asks right after the release went live: an old read must not refuse that."""
    world = succeeded()
    world.components.known["api"].old = ["6"]
    assert begin_rollback(world, "d2", "arn:back", "person", "Please.").outcome == "begun"
    assert slept == [PAUSES[0]]
