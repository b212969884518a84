"""Guard alarms: it ends with the bake, whichever branch comes first."""

import pytest

from controller.errors import LedgerConflictError
from controller.flow.guard import guard
from controller.flow.on_alarm import on_alarm
from tests.unit.flow.scenes import ALARM, baking, evaluate

CONCLUDED = {"outcome": "concluded"}


@pytest.mark.parametrize("first", ["guard", "judge"])
def test_the_guard_is_closed_whoever_comes_first(first: str) -> None:
    """A Parallel ends only when both branches have ended, so a guard that opens late must close itself."""
    world = baking()
    evaluate(world)
    world.clock.forward(65)
    if first == "guard":
        guard(world, "d2", 0, "guard")
        evaluate(world)
    else:
        evaluate(world)
        guard(world, "d2", 0, "guard")
    assert world.workflows.answers["guard"] == {"outcome": "concluded"}


@pytest.mark.parametrize("first", ["guard", "alarm"])
def test_an_alarm_reaches_the_guard_whoever_comes_first(first: str) -> None:
    """An alarm that fires before the guard opens still ends the bake."""
    world = baking()
    if first == "guard":
        guard(world, "d2", 0, "guard")
    on_alarm(world, ALARM, "Too many errors.")
    if first == "alarm":
        guard(world, "d2", 0, "guard")
    assert "Too many errors" in str(world.workflows.answers["guard"])


def test_the_guard_of_the_next_step_stays_open() -> None:
    """The bake before was concluded; the new guard opens before the new bake does."""
    world = baking()
    evaluate(world)
    world.clock.forward(65)
    evaluate(world)
    guard(world, "d2", 1, "second")
    assert "second" not in world.workflows.answers


def test_what_comes_late_does_not_touch_the_next_bake() -> None:
    """A repeated evaluation or guard of the first step writes nothing during the second."""
    world = baking(weight=100)
    evaluate(world, 1)
    guard(world, "d2", 1, "second")
    before = world.deployments.get("d2")
    with pytest.raises(LedgerConflictError):
        evaluate(world, 0)
    with pytest.raises(LedgerConflictError):
        guard(world, "d2", 0, "first")
    assert world.deployments.get("d2") == before


def test_an_alarm_ends_every_attempt_of_the_guard() -> None:
    """A task that was retried has two tokens, and the execution waits for one of them."""
    world = baking()
    guard(world, "d2", 0, "one")
    guard(world, "d2", 0, "two")
    on_alarm(world, ALARM, "Too many errors.")
    assert set(world.workflows.answers) == {"one", "two"}


def test_the_end_of_the_bake_closes_every_attempt_of_the_guard() -> None:
    """Whichever the execution waits for."""
    world = baking()
    guard(world, "d2", 0, "one")
    guard(world, "d2", 0, "two")
    evaluate(world)
    world.clock.forward(65)
    evaluate(world)
    assert world.workflows.answers == {"one": CONCLUDED, "two": CONCLUDED}
