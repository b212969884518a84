"""Verify restoration."""

from typing import Any

from controller.flow.rolling_back import verify_restoration
from controller.flow.story import Card
from controller.flow.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` → `verified` or `failed`."""
    return verify_restoration(world, event["deployment_id"])
