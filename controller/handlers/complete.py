"""Complete."""

from typing import Any

from controller.flow.complete import complete
from controller.flow.shared.results import Result
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id` → the release is live."""
    return complete(world, event["deployment_id"])
