"""Restore component."""

from typing import Any

from controller.flow.rollback.restore import restore_component
from controller.flow.shared.results import Result
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id` and `component` → it is set back to its stable revision."""
    return restore_component(world, event["deployment_id"], event["component"])
