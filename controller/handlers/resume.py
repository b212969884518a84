"""Go on after the hold."""

from typing import Any

from controller.flow.story import Card
from controller.flow.watching import resume
from controller.flow.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` → the bake is over."""
    return resume(world, event["deployment_id"])
