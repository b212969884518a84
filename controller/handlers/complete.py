"""Complete."""

from typing import Any

from controller.flow.complete import complete
from controller.flow.shared.timeline import Card
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` → the release is live."""
    return complete(world, event["deployment_id"])
