"""Run task."""

from typing import Any

from controller.flow.run_task import run_task
from controller.flow.shared.results import Result
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id` → the task that is due was run, or is waited for."""
    return run_task(world, event["deployment_id"])
