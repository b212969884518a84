"""Stage component."""

from typing import Any

from controller.flow.staging import stage
from controller.flow.story import Card
from controller.flow.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` and `component` → its new revision."""
    return stage(world, event["deployment_id"], event["component"])
