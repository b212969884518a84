"""Restore component."""

from typing import Any

from controller.flow.rolling_back import restore_component
from controller.flow.story import Card
from controller.flow.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` and `component` → it is back on its stable revision."""
    return restore_component(world, event["deployment_id"], event["component"])
