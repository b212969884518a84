"""Record restore point."""

from typing import Any

from controller.flow.record_restore_point import record_restore_point
from controller.flow.shared.results import Result
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id` → `ready`, `pending` with `wait_seconds`, or `rejected`."""
    return record_restore_point(world, event["deployment_id"])
