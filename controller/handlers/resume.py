"""Resume."""

from typing import Any

from controller.flow.pausing.resume import resume
from controller.flow.shared.results import Result
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id` → the bake is over."""
    return resume(world, event["deployment_id"])
