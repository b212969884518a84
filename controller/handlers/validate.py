"""Validate bundle."""

from typing import Any

from controller.flow.shared.timeline import Card
from controller.flow.validate import validate
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` → `valid` or `rejected`."""
    return validate(world, event["deployment_id"])
