"""Hooks: what they are asked, how they answer, and what ends the wait for them."""

from datetime import timedelta

import pytest

from controller.domain.phases import Phase
from controller.errors import SelfrightError, TransientError
from controller.flow.ask_hook import HookAsked, ask_hook
from controller.flow.on_alarm import on_alarm
from controller.flow.shared.lease import LEASE
from controller.flow.shift import shift
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import ALARM, HOOKS, KEY, a_hooked_world, an_environment, messages, tripped


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


def not_now(times: int = 1000) -> FakeWorld:
    """A deployment whose first hook says *not now* so many times."""
    world = a_hooked_world(Phase.STAGING)
    world.environments.known[KEY] = an_environment(deployment_preference=HOOKS, hook_timeout="2h")
    world.hooks.not_now["before"] = times
    return world


def asked_again(world: FakeWorld, asks: int = 1000) -> HookAsked:
    """Ask until it has another answer than *not now*, at most so often, and wait as it says."""
    for number in range(asks):
        answer = ask_hook(world, "d2", "pre_traffic", f"token{number}")
        if answer.outcome != "not_now":
            break
        assert world.workflows.answers[f"token{number}"] == {"status": "NotNow", "wait_seconds": answer.wait_seconds}
        world.clock.forward(answer.wait_seconds or 0)
    return answer


def test_a_hook_that_says_not_now_is_asked_again() -> None:
    """Until it agrees; the timeline says once that it is waited for."""
    world = not_now(3)
    assert asked_again(world).outcome == "allowed"
    assert messages(world, "hook") == [
        "hook before: a freeze. That means: not now. It is asked again, for 2h.",
        "hook before: it agreed.",
    ]


def test_a_hook_that_says_not_now_is_waited_for_as_long_as_its_limit_says() -> None:
    """Not a minute longer; and then nothing speaks against the version."""
    world = not_now()
    assert asked_again(world).outcome == "refused"
    assert world.clock.now() - START == timedelta(hours=2)
    deployment = world.deployments.get("d2")
    assert (deployment.trip and deployment.trip.source, deployment.is_condemned) == ("inconclusive", False)
    assert "a freeze (it has not allowed the release within 2h)" in deployment.rollback_reason
    assert len(world.hooks.asked) < 80


def test_a_hook_that_cannot_be_asked_now_is_asked_again() -> None:
    """The account has no concurrency left for a moment: that is no reason to go back."""
    world = a_hooked_world(Phase.STAGING)
    world.hooks.trouble = [TransientError("lambda:InvokeFunction on before: TooManyRequestsException.")] * 2
    answer = asked_again(world)
    assert (answer.outcome, world.deployments.get("d2").trip) == ("allowed", None)
    assert messages(world, "hook")[0].startswith("hook before: it could not be asked: lambda:InvokeFunction")


def test_tokens_that_are_answered_are_not_kept() -> None:
    """Asked for days, they would fill the deployment's item, and no trip could be written any more."""
    world = not_now()
    asked_again(world, 20)
    assert world.deployments.get("d2").hook_tokens == ()


def test_a_lease_lasts_as_long_as_the_wait_for_a_hook() -> None:
    """A hook that answers later may take all of its time."""
    world = not_now()
    asked_again(world, 1)
    lease = world.deployments.get("d2").lease_until
    assert lease == START + LEASE + timedelta(hours=2)


def test_the_second_hook_has_a_time_of_its_own() -> None:
    """The first shift forgets when the first hook was asked."""
    world = not_now()
    asked_again(world, 1)
    assert world.deployments.get("d2").hook_since == START
    shift(world, "d2", 0)
    assert world.deployments.get("d2").hook_since is None


def test_a_hook_that_fails_has_said_nothing_against_the_version() -> None:
    """The release does not go on without its answer, and can be released again."""
    world = a_hooked_world(Phase.STAGING)
    world.hooks.broken.add("before")
    assert ask_hook(world, "d2", "pre_traffic", "token").outcome == "refused"
    deployment = world.deployments.get("d2")
    assert (deployment.trip and deployment.trip.source, deployment.is_condemned) == ("fault", False)
    assert world.workflows.answers["token"] == "Before traffic: hook before: it failed (KeyError)"


def test_waiting_for_a_hook_is_not_being_stuck() -> None:
    """However long the staging before it took: asking renews the lease, for as long as the hook may take."""
    world = a_hooked_world(Phase.STAGING, lease_until=START + timedelta(minutes=1))
    ask_hook(world, "d2", "pre_traffic", "token")
    assert world.deployments.get("d2").lease_until == START + LEASE + timedelta(minutes=5)


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
