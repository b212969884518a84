"""Test staged release."""

from typing import Any

from controller.flow.shared.results import Result
from controller.flow.test import test_staged
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id` → `healthy` with the traffic steps, or `unhealthy`."""
    return test_staged(world, event["deployment_id"])
