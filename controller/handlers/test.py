"""Test staged release."""

from typing import Any

from controller.flow.shared.timeline import Card
from controller.flow.test import test_staged
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` → `healthy` with the traffic steps, or `unhealthy`."""
    return test_staged(world, event["deployment_id"])
