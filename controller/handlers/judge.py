"""Judge canary."""

from typing import Any

from controller.flow.story import Card
from controller.flow.watching import look
from controller.flow.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` and the `step`'s number → a verdict."""
    return look(world, event["deployment_id"], event["step"])
