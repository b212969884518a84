"""Hooks: what they are asked, how they answer, and what ends the wait for them."""

from datetime import timedelta

import pytest

from controller.domain.phases import Phase
from controller.errors import SelfrightError
from controller.flow.ask_hook import ask_hook
from controller.flow.on_alarm import on_alarm
from controller.flow.shared.lease import LEASE
from tests.fakes import START
from tests.unit.flow.scenes import ALARM, a_hooked_world, tripped


def test_a_hook_gets_what_codedeploys_hooks_get_and_more() -> None:
    """The event has CodeDeploy's two keys, the occasion, and the revisions to check."""
    world = a_hooked_world(Phase.STAGING)
    assert ask_hook(world, "d2", "pre_traffic", "token").outcome == "allowed"
    ((name, event),) = world.hooks.asked
    assert (name, event["DeploymentId"], event["LifecycleEventHookExecutionId"]) == ("before", "d2", "token")
    assert (event["hook"], event["version"], event["revisions"]) == ("pre_traffic", "2.0.0", {"api": "7", "site": "bb"})
    assert world.workflows.answers["token"] == {"status": "Succeeded"}


@pytest.mark.parametrize(
    ("occasion", "hook", "phase"), [("pre_traffic", "before", Phase.STAGING), ("post_traffic", "after", Phase.SHIFTING)]
)
def test_a_hook_that_refuses_trips_the_deployment(occasion: str, hook: str, phase: Phase) -> None:
    """Its reason is the deployment's, and the workflow gets it at once."""
    world = a_hooked_world(phase)
    world.hooks.no[hook] = "the database is not migrated"
    assert ask_hook(world, "d2", occasion, "token").outcome == "refused"
    trip = world.deployments.get("d2").trip
    assert trip is not None
    assert (trip.source, "the database is not migrated" in trip.reason) == ("check", True)
    assert world.workflows.answers["token"] == trip.reason


def test_a_hook_may_answer_later() -> None:
    """Then the workflow goes on waiting, until the hook uses the token."""
    world = a_hooked_world(Phase.STAGING)
    world.hooks.later.add("before")
    assert ask_hook(world, "d2", "pre_traffic", "token").outcome == "asked"
    assert world.workflows.answers == {}


def test_waiting_for_a_hook_is_not_being_stuck() -> None:
    """However long the staging before it took: asking renews the lease."""
    world = a_hooked_world(Phase.STAGING, lease_until=START + timedelta(minutes=1))
    ask_hook(world, "d2", "pre_traffic", "token")
    assert world.deployments.get("d2").lease_until == START + LEASE


def test_an_alarm_ends_the_waiting_for_a_hook() -> None:
    """The answer does not matter any more."""
    world = a_hooked_world(Phase.SHIFTING, weight=100)
    world.hooks.later.add("after")
    world.guards.open("d2", [ALARM])
    ask_hook(world, "d2", "post_traffic", "token")
    on_alarm(world, ALARM, "Too many errors.")
    assert "Too many errors" in str(world.workflows.answers["token"])


def test_no_hook_is_asked_about_what_has_tripped() -> None:
    """The workflow gets the trip as its answer."""
    world = a_hooked_world(Phase.SHIFTING, weight=100, trip=tripped())
    assert ask_hook(world, "d2", "post_traffic", "token").outcome == "tripped"
    assert (world.hooks.asked, world.workflows.answers["token"]) == ([], "It broke.")


def test_there_are_two_occasions() -> None:
    """Anything else is a mistake in the workflow."""
    with pytest.raises(SelfrightError, match="no hook called 'lunch'"):
        ask_hook(a_hooked_world(Phase.STAGING), "d2", "lunch", "token")
