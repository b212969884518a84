"""Guard alarms."""

from typing import Any

from controller.flow.guard import guard
from controller.flow.shared.results import Acknowledged, Result
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id`, the `step`'s number and `task_token`; an alarm fails the token, the judge closes it."""
    guard(world, event["deployment_id"], event["step"], event["task_token"])
    return Acknowledged("guarding")
