"""Shift traffic."""

from typing import Any

from controller.flow.shared.timeline import Card
from controller.flow.shift import shift
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` and the `step`'s number → the weight that was set."""
    return shift(world, event["deployment_id"], event["step"])
