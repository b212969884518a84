"""Whether somebody calls a function without its alias, before anything is touched."""

from typing import Any

from controller.flow.record_restore_point import record_restore_point
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import KEY, an_environment, granted, messages


def bypassed(**api: Any) -> FakeWorld:  # noqa: ANN401 - any key of a function
    """A release of a function that a rule calls without the alias."""
    world = granted()
    components = an_environment().model_dump()["components"]
    world.environments.known[KEY] = an_environment(components={**components, "api": {**components["api"], **api}})
    world.components.known["api"].bypassing = ["the rule nightly"]
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
    world.components.known["site"].bypassing = ["nobody asks"]
    record_restore_point(world, "d2")
    assert messages(world, "remark") == []
