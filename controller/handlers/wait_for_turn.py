"""Wait for turn."""

from typing import Any

from controller.flow.queueing import wait_for_turn
from controller.flow.story import Card
from controller.flow.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` and `task_token`; the token is answered when the turn has come or never will."""
    wait_for_turn(world, event["deployment_id"], event["task_token"])
    return {"outcome": "waiting"}
