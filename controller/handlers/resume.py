"""Resume."""

from typing import Any

from controller.flow.resume import resume
from controller.flow.shared.timeline import Card
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` → the bake is over."""
    return resume(world, event["deployment_id"])
