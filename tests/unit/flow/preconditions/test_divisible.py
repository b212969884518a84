"""Versions that cannot share an alias: refused before anything is touched, or all visitors at the first step."""

from typing import Any

import pytest

from controller.domain.advice import INDIVISIBLE_ADVICE
from controller.errors import RefusedError
from controller.flow.record_restore_point import record_restore_point
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import KEY, an_environment, granted

WHY = "its execution role changes"
FUNCTION = {"kind": "function", "function_name": "f", "url": "https://api.example"}
SITE = {"kind": "site", "bucket": "bucket", "routing_function": "r", "url": "https://site.example"}


def refusing(**changes: Any) -> FakeWorld:  # noqa: ANN401 - any field of the environment
    """A release that has got the lock, and whose function has another role than the live version."""
    world = granted(previous="d1")
    world.environments.known[KEY] = an_environment(**changes)
    world.components.known["api"].indivisible = WHY
    return world


def test_it_is_refused_before_anything_is_touched() -> None:
    """The reason and the next step are told, and the lock is free again."""
    world = refusing()
    recorded = record_restore_point(world, "d2")
    assert recorded.outcome == "rejected"
    assert (recorded.deployment.reason, recorded.deployment.next_step) == (f"api: {WHY}", INDIVISIBLE_ADVICE)
    assert world.deployments.get("d2").restore_point is None
    assert world.locks.load(KEY).holder == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"components": {"api": {**FUNCTION, "when_indivisible": "at_once"}, "site": SITE}},
        {"deployment_preference": {"type": "AllAtOnce", "alarms": ["errors"]}},
    ],
    ids=["allowed", "all at once anyway"],
)
def test_it_goes_on_where_no_share_is_needed(changes: dict[str, Any]) -> None:
    """The environment allows it, or gives all visitors to every release at once."""
    assert record_restore_point(refusing(**changes), "d2").outcome == "ready"


def test_what_was_never_live_needs_no_share() -> None:
    """A first release replaces the placeholder of the stack, whatever role that has."""
    world = granted()
    world.components.known["api"].indivisible = WHY
    assert record_restore_point(world, "d2").outcome == "ready"


def test_what_can_never_be_released_so_is_refused_everywhere() -> None:
    """An alias with provisioned concurrency of its own, with the adapter's own next step."""
    world = refusing(deployment_preference={"type": "AllAtOnce", "alarms": ["errors"]})
    world.components.known["api"].indivisible = RefusedError("It is warm.", "Cool it.")
    recorded = record_restore_point(world, "d2")
    assert (recorded.outcome, recorded.deployment.next_step) == ("rejected", "Cool it.")
