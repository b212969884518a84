"""Validate bundle."""

from typing import Any

from controller.flow.story import Card
from controller.flow.validating import validate
from controller.flow.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` → `valid` or `rejected`."""
    return validate(world, event["deployment_id"])
