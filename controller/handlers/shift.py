"""Shift traffic."""

from typing import Any

from controller.flow.shifting import shift
from controller.flow.story import Card
from controller.flow.world import World


def handle(world: World, event: dict[str, Any]) -> Card:
    """`deployment_id` and the `step`'s number → the weight that was set."""
    return shift(world, event["deployment_id"], event["step"])
