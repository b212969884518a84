"""Shift traffic."""

from typing import Any

from controller.flow.shared.results import Result
from controller.flow.shift import shift
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id` and the `step`'s number → the weight that was set."""
    return shift(world, event["deployment_id"], event["step"])
