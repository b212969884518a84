"""Pause for a person: the token is kept, and the alarms still guard."""

from controller.flow.on_alarm import on_alarm
from tests.unit.flow.scenes import ALARM, paused


def test_too_few_requests_can_pause() -> None:
    """The person's token is kept, and the guard stays open."""
    world = paused()
    assert world.deployments.get("d2").pause_tokens == ("paused",)
    assert "guard" not in world.workflows.answers


def test_an_alarm_ends_a_pause() -> None:
    """The guard's task fails, and with it the bake."""
    world = paused()
    on_alarm(world, ALARM, "Too many errors.")
    assert "Too many errors" in str(world.workflows.answers["guard"])
