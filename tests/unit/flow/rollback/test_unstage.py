"""Unstage component: callers who come by no alias do not run what was rolled back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.deployment import Left, Pending
from controller.domain.phases import TERMINAL, Phase
from controller.errors import AwsError, LedgerConflictError, TransientError
from controller.flow.rollback.close import close_rollback
from controller.flow.rollback.unstage import PATIENCE, not_unstaged, to_unstage, unstage
from controller.flow.rollback.verify_restoration import verify_restoration
from tests.builders import a_bundle
from tests.fake_components import FakeComponent
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import STABLE, messages, moving, rolling_back, staged, tripped


def restored(**fields: object) -> FakeWorld:
    """A rollback before any visitor came, of which everything is verified."""
    world = rolling_back(staged(trip=tripped("check"), **fields))
    world.bundles.objects[world.deployments.get("d2").upload.key] = a_bundle("2.0.0")
    return world


def api(world: FakeWorld) -> FakeComponent:
    """The function."""
    return world.components.known["api"]


def test_it_is_asked_of_the_functions_that_the_release_staged() -> None:
    """A site has no such callers, and an unchanged function was not touched."""
    world = restored()
    deployment = world.deployments.get("d2")
    assert verify_restoration(world, "d2").unstage == ["api"]
    assert to_unstage(world, replace(deployment, staged=STABLE)) == []
    assert to_unstage(world, replace(deployment, staged={})) == ["api"]


def test_also_when_no_visitor_ever_came() -> None:
    """A release that failed before traffic stands in the function, too."""
    world = restored()
    assert unstage(world, "d2", "api").outcome == "unstaged"
    assert api(world).unstaged == ["6"]
    assert messages(world, "unstaged") == ["api: its own code and configuration are stable's again."]


def test_what_somebody_else_has_changed_is_said_at_the_end() -> None:
    """It stays; the reason of the rollback names it, and the rollback has not failed."""
    world = restored()
    api(world).left = Left("a person's")
    assert unstage(world, "d2", "api").outcome == "left_alone"
    ended = close_rollback(world, "d2", "", "arn:back").deployment
    assert (ended.phase, ended.reason) == (Phase.ROLLED_BACK, "It broke. api: a person's")


def test_what_failed_while_nothing_answered_is_done_again() -> None:
    """The ledger was out: now that it answers, an outage is no reason for a person."""
    world = restored()
    again = close_rollback(world, "d2", "", "arn:back")
    assert (again.outcome, again.unstage, again.reason) == ("unstage", ["api"], "")
    assert unstage(world, "d2", "api").outcome == "unstaged"
    ended = close_rollback(world, "d2", "", "arn:back")
    assert (ended.outcome, ended.deployment.reason) == (Phase.ROLLED_BACK, "It broke.")


def test_another_execution_has_nothing_undone_again() -> None:
    """It does not roll the deployment back any more."""
    world = restored()
    assert close_rollback(world, "d2", "", "arn:other").outcome == Phase.ROLLING_BACK
    assert world.deployments.get("d2").unstage_rounds == 0


def test_what_crashes_again_and_again_is_said_at_the_end() -> None:
    """After three rounds more, people learn whose code the function itself has, and what to do."""
    world = restored()
    assert not_unstaged(world, world.deployments.get("d2")) == ["api"]
    assert [close_rollback(world, "d2", "", "arn:back").outcome for _ in range(3)] == ["unstage"] * 3
    ended = close_rollback(world, "d2", "", "arn:back").deployment
    assert ended.phase is Phase.ROLLED_BACK
    assert "api: its own code and configuration ($LATEST) may still be those of this release" in ended.reason
    assert "those of version 6." in ended.reason
    assert "by hand, or release what changes it" in ended.next_step
    assert len(messages(world, "unstaged")) == 1


def test_what_was_unstaged_needs_no_words_at_the_end() -> None:
    """It is as stable again."""
    world = restored()
    unstage(world, "d2", "api")
    assert not_unstaged(world, world.deployments.get("d2")) == []
    assert close_rollback(world, "d2", "", "arn:back").deployment.reason == "It broke."


def test_it_is_asked_again_while_lambda_works() -> None:
    """That is noted once as over."""
    world = restored()
    api(world).pending = [Pending("an update", 60)]
    assert unstage(world, "d2", "api").outcome == "pending"
    assert unstage(world, "d2", "api").outcome == "unstaged"
    assert world.deployments.get("d2").awaited["api"].over


@pytest.mark.parametrize("error", [AwsError("denied"), TransientError("no answer")])
def test_trouble_does_not_hold_up_the_rollback(error: Exception) -> None:
    """Visitors are back. What passes is waited for, ten minutes at most, and then it is said."""
    world = restored()
    api(world).broken = error
    first = unstage(world, "d2", "api")
    world.clock.forward((PATIENCE + timedelta(seconds=1)).total_seconds())
    last = unstage(world, "d2", "api") if first.outcome == "pending" else first
    assert last.outcome == "left_alone"
    assert str(error) in world.deployments.get("d2").awaited["api"].left


@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_nothing_is_touched_once_the_deployment_has_ended(phase: Phase) -> None:
    """The next one may be staging."""
    world = moving(phase)
    assert unstage(world, "d2", "api").outcome == "over"
    assert api(world).unstaged == []


def test_the_component_may_ask_whether_the_deployment_still_goes_back() -> None:
    """Right before it writes: a late call would write over what the next release has staged."""
    world = restored()
    assert unstage(world, "d2", "api").outcome == "unstaged"
    context = world.components.contexts["api"]
    assert context
    context.permit()
    close_rollback(world, "d2", "", "arn:back")
    with pytest.raises(LedgerConflictError):
        context.permit()


def test_one_that_ends_in_the_middle_is_over() -> None:
    """The ledger refused the write."""
    world = restored()
    api(world).broken = LedgerConflictError("It has ended.")
    assert unstage(world, "d2", "api").outcome == "over"
