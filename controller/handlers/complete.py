"""Complete."""

from typing import Any

from controller.flow.completing import complete
from controller.flow.story import Card
from controller.flow.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` → the release is live."""
    return complete(world, event["deployment_id"])
