"""The application's own hooks, and the rehearsal of the alarm."""

from datetime import timedelta
from typing import Any

import pytest

from controller.domain.phases import Phase
from controller.errors import AwsError, SelfrightError
from controller.flow.ask_hook import ask_hook
from controller.flow.judge import judge
from controller.flow.on_alarm import on_alarm, rehearse
from controller.flow.shared.lease import LEASE
from controller.flow.test import test_staged as stage_test
from controller.flow.verify import verify
from controller.handlers.on_alarm import handle
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import ALARM, STABLE, a_world, at_weight, on_its_way, tripped

HOOKS = {"type": "AllAtOnce", "alarms": [], "hooks": {"pre_traffic": "before", "post_traffic": "after"}}


def a_hooked_world(phase: Phase, **fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A deployment in this phase, into an environment with both hooks."""
    world = a_world(deployment_preference=HOOKS)
    on_its_way(world, phase, **fields)
    return world


def test_a_staged_release_is_healthy_only_if_its_hook_says_so() -> None:
    """The workflow asks it, and waits for as long as the environment says."""
    world = a_hooked_world(Phase.STAGING)
    card = stage_test(world, "d2")
    assert (card.outcome, card.hook_timeout) == ("ask", 300)
    assert {step.hook_timeout for step in card.steps} == {300}


def test_no_hook_is_asked_when_nothing_changed() -> None:
    """There is nothing to say no to."""
    world = a_hooked_world(Phase.STAGING, staged=STABLE)
    assert stage_test(world, "d2").outcome == "healthy"


def test_the_post_traffic_hook_is_asked_when_everybody_is_on_the_release() -> None:
    """Not at the steps before."""
    world = a_hooked_world(Phase.SHIFTING, weight=10)
    assert verify(world, "d2", 0).outcome == "healthy"
    world.deployments.update("d2", {"weight": 100}, phases={Phase.SHIFTING})
    assert verify(world, "d2", 1).outcome == "ask"


def test_a_hook_gets_what_codedeploys_hooks_get_and_more() -> None:
    """The two keys of CodeDeploy's event, which occasion it is, and what to look at."""
    world = a_hooked_world(Phase.STAGING)
    assert ask_hook(world, "d2", "pre_traffic", "token").outcome == "allowed"
    ((name, event),) = world.hooks.asked
    assert (name, event["DeploymentId"], event["LifecycleEventHookExecutionId"]) == ("before", "d2", "token")
    assert (event["hook"], event["version"], event["revisions"]) == ("pre_traffic", "2.0.0", {"api": "7", "site": "bb"})
    assert world.workflows.answers["token"] == {"status": "Succeeded"}


@pytest.mark.parametrize(
    ("occasion", "hook", "phase"), [("pre_traffic", "before", Phase.STAGING), ("post_traffic", "after", Phase.SHIFTING)]
)
def test_a_hook_that_says_no_trips_the_deployment(occasion: str, hook: str, phase: Phase) -> None:
    """Its reason is the deployment's, and the workflow is told at once."""
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
    """Nobody waits for an answer that does not matter any more."""
    world = a_hooked_world(Phase.SHIFTING, weight=100)
    world.hooks.later.add("after")
    world.guards.open("d2", [ALARM])
    ask_hook(world, "d2", "post_traffic", "token")
    on_alarm(world, ALARM, "Too many errors.")
    assert "Too many errors" in str(world.workflows.answers["token"])


def test_no_hook_is_asked_about_what_has_tripped() -> None:
    """The workflow hears of the trip instead."""
    world = a_hooked_world(Phase.SHIFTING, weight=100, trip=tripped())
    assert ask_hook(world, "d2", "post_traffic", "token").outcome == "tripped"
    assert (world.hooks.asked, world.workflows.answers["token"]) == ([], "It broke.")


def test_there_are_two_occasions() -> None:
    """Anything else is a mistake in the workflow."""
    with pytest.raises(SelfrightError, match="no hook called 'lunch'"):
        ask_hook(a_hooked_world(Phase.STAGING), "d2", "lunch", "token")


def test_every_evaluation_rehearses_the_alarm() -> None:
    """So the function that acts on it is warm when it is needed."""
    world = a_world()
    on_its_way(world, Phase.SHIFTING, weight=10)
    judge(world, "d2", 0)
    assert world.rehearsals.started == ["d2"]


def test_a_rehearsal_that_cannot_start_does_not_disturb_the_evaluation() -> None:
    """An alarm would be acted on all the same."""
    world = a_world()
    on_its_way(world, Phase.SHIFTING, weight=10)
    world.rehearsals.trouble = AwsError("denied")
    assert judge(world, "d2", 0).verdict == "wait"


def test_a_rehearsal_changes_nothing() -> None:
    """Not the traffic, which is split just now, and not the ledger."""
    world = a_world()
    before = on_its_way(world, Phase.BAKING, weight=10)
    at_weight(world, 10)
    rehearse(world, "d2")
    assert handle(world, {"deployment_id": "d2", "rehearsal": True}).document() == {"tripped": []}
    assert world.deployments.get("d2") == before
    assert world.deployments.get("d2").trip is None
