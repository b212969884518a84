"""Pause for a person."""

from typing import Any

from controller.flow.pausing.pause import pause
from controller.flow.shared.results import Acknowledged, Result
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id` and `task_token`; `selfright resume` answers the token."""
    pause(world, event["deployment_id"], event["task_token"])
    return Acknowledged("paused")
