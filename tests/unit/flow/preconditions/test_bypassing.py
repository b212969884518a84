"""Whether somebody calls a function without its alias, before anything is touched."""

from typing import Any

from controller.domain.components.bypassing import Bypassing
from controller.flow.record_restore_point import record_restore_point
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import KEY, an_environment, granted, messages

RULE = Bypassing(callers=("the rule nightly",))
UNREAD = Bypassing(unread=("scheduler:ListSchedules: not allowed",))
BEYOND = Bypassing(beyond=("the account has more schedules than were looked at",))


def bypassed(found: Bypassing = RULE, **api: Any) -> FakeWorld:  # noqa: ANN401 - any key of a function
    """A release of a function of which this was found; by itself, a rule calls it without the alias."""
    world = granted()
    components = an_environment().model_dump()["components"]
    world.environments.known[KEY] = an_environment(components={**components, "api": {**components["api"], **api}})
    world.components.known["api"].bypassing = found
    return world


def test_it_is_said_before_anything_is_touched() -> None:
    """The release goes on, and people know who runs it untested."""
    world = bypassed()
    assert record_restore_point(world, "d2").outcome == "ready"
    [said] = messages(world, "remark")
    assert said.startswith("api: It is called without its alias, by the rule nightly.")
    assert "f:live" in said


def test_it_is_refused_where_the_environment_says_so() -> None:
    """Nothing was touched; the next step says both ways out."""
    world = bypassed(when_bypassed="refuse")
    result = record_restore_point(world, "d2")
    assert result.outcome == "rejected"
    assert "the rule nightly" in result.deployment.reason
    assert "when_bypassed: say" in result.deployment.next_step
    assert world.deployments.get("d2").restore_point is None


def test_nothing_is_said_when_nobody_does() -> None:
    """A site has no such callers, and is not asked."""
    world = granted()
    world.components.known["site"].bypassing = RULE
    record_restore_point(world, "d2")
    assert messages(world, "remark") == []


def test_what_could_not_be_read_is_refused_with_what_to_do() -> None:
    """A caller that nobody sees must not look like none; whoever asked for that can allow the call."""
    result = record_restore_point(bypassed(UNREAD, when_bypassed="refuse"), "d2")
    assert result.outcome == "rejected"
    assert "because this could not be read: scheduler:ListSchedules" in result.deployment.reason
    assert "Allow these calls" in result.deployment.next_step


def test_what_nobody_can_know_is_said_and_refuses_nothing() -> None:
    """A large account would be refused for ever; people are told where to look."""
    world = bypassed(BEYOND, when_bypassed="refuse")
    assert record_restore_point(world, "d2").outcome == "ready"
    [said] = messages(world, "remark")
    assert "more schedules than were looked at" in said
    assert "Look yourself whether all that call it call f:live" in said
