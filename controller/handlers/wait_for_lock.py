"""Wait for lock."""

from typing import Any

from controller.flow.shared.results import Acknowledged, Result
from controller.flow.wait_for_lock import wait_for_lock
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id` and `task_token`; the token is answered when it gets the lock, or never will."""
    wait_for_lock(world, event["deployment_id"], event["task_token"])
    return Acknowledged("waiting")
