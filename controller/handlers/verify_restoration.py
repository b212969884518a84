"""Verify restoration."""

from typing import Any

from controller.flow.rollback.verify_restoration import verify_restoration
from controller.flow.shared.results import Result
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id` → `verified` or `failed`."""
    return verify_restoration(world, event["deployment_id"])
