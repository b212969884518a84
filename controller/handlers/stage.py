"""Stage component."""

from typing import Any

from controller.flow.shared.results import Result
from controller.flow.stage import stage
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id` and `component` → its new revision."""
    return stage(world, event["deployment_id"], event["component"])
