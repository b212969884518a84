"""Unstage component."""

from typing import Any

from controller.flow.rollback.unstage import unstage
from controller.flow.shared.results import Result
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id` and `component` → what staging left in it is gone."""
    return unstage(world, event["deployment_id"], event["component"])
