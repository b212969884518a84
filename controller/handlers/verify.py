"""Verify."""

from typing import Any

from controller.flow.story import Card
from controller.flow.testing import verify
from controller.flow.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` and the `step`'s number → `healthy` or `unhealthy`."""
    return verify(world, event["deployment_id"], event["step"])
