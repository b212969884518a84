"""Stage component."""

from typing import Any

from controller.flow.shared.timeline import Card
from controller.flow.stage import stage
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` and `component` → its new revision."""
    return stage(world, event["deployment_id"], event["component"])
