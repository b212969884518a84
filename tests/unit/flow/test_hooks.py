"""The application's own hooks, and the rehearsal of the alarm."""

from typing import Any

from controller.domain.phases import Phase
from controller.errors import AwsError
from controller.flow.testing import test_staged as stage_test
from controller.flow.testing import verify
from controller.flow.tripping import rehearse
from controller.flow.watching import look
from controller.handlers.on_alarm import handle
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import a_world, at_weight, on_its_way

HOOKS = {"type": "AllAtOnce", "alarms": [], "hooks": {"pre_traffic": "before", "post_traffic": "after"}}


def a_hooked_world(phase: Phase, **fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A deployment in this phase, into an environment with both hooks."""
    world = a_world(deployment_preference=HOOKS)
    on_its_way(world, phase, **fields)
    return world


def test_the_pre_traffic_hook_is_asked_with_the_new_revisions() -> None:
    """It gets the card, and what to look at."""
    world = a_hooked_world(Phase.STAGING)
    assert stage_test(world, "d2")["outcome"] == "healthy"
    ((name, occasion),) = world.hooks.asked
    assert (name, occasion["deployment_id"], occasion["revisions"]) == ("before", "d2", {"api": "7", "site": "bb"})


def test_a_hook_that_says_no_stops_the_release_before_traffic() -> None:
    """Its reason is the deployment's."""
    world = a_hooked_world(Phase.STAGING)
    world.hooks.no["before"] = "the database is not migrated"
    card = stage_test(world, "d2")
    assert card["outcome"] == "unhealthy"
    assert "the database is not migrated" in card["reason"]
    assert world.deployments.get("d2").trip is not None


def test_no_hook_is_asked_when_nothing_changed() -> None:
    """There is nothing to say no to."""
    world = a_hooked_world(Phase.STAGING, staged={})
    stage_test(world, "d2")
    assert world.hooks.asked == []


def test_the_post_traffic_hook_is_asked_when_everybody_is_on_the_release() -> None:
    """Not at the steps before."""
    world = a_hooked_world(Phase.SHIFTING, weight=10)
    verify(world, "d2", 0)
    assert world.hooks.asked == []
    world.deployments.update("d2", {"weight": 100}, phases={Phase.SHIFTING})
    assert verify(world, "d2", 1)["outcome"] == "healthy"
    assert [name for name, _ in world.hooks.asked] == ["after"]


def test_a_post_traffic_hook_that_says_no_rolls_back() -> None:
    """The outcome is unhealthy, with the reason."""
    world = a_hooked_world(Phase.SHIFTING, weight=100)
    world.hooks.no["after"] = "orders are missing"
    assert "orders are missing" in verify(world, "d2", 1)["reason"]


def test_every_look_rehearses_the_alarm() -> None:
    """So the function that acts on it is warm when it is needed."""
    world = a_world()
    on_its_way(world, Phase.SHIFTING, weight=10)
    look(world, "d2", 0)
    assert world.rehearsals.started == ["d2"]


def test_a_rehearsal_that_cannot_start_does_not_disturb_the_look() -> None:
    """An alarm would be acted on all the same."""
    world = a_world()
    on_its_way(world, Phase.SHIFTING, weight=10)
    world.rehearsals.trouble = AwsError("denied")
    assert look(world, "d2", 0)["verdict"] == "watching"


def test_a_rehearsal_changes_nothing() -> None:
    """Not the traffic, which is split just now, and not the ledger."""
    world = a_world()
    before = on_its_way(world, Phase.BAKING, weight=10)
    at_weight(world, 10)
    rehearse(world, "d2")
    assert handle(world, {"deployment_id": "d2", "rehearsal": True}) == {"tripped": []}
    assert world.deployments.get("d2") == before
    assert world.deployments.get("d2").trip is None
