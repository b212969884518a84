"""Validate bundle."""

from typing import Any

from controller.flow.shared.results import Result
from controller.flow.validate import validate
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id` → `valid` or `rejected`."""
    return validate(world, event["deployment_id"])
