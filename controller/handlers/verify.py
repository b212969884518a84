"""Verify."""

from typing import Any

from controller.flow.shared.timeline import Card
from controller.flow.verify import verify
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` and the `step`'s number → `healthy` or `unhealthy`."""
    return verify(world, event["deployment_id"], event["step"])
