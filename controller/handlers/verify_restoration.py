"""Verify restoration."""

from typing import Any

from controller.flow.rollback.verify_restoration import verify_restoration
from controller.flow.shared.timeline import Card
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` → `verified` or `failed`."""
    return verify_restoration(world, event["deployment_id"])
