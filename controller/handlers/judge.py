"""Judge canary."""

from typing import Any

from controller.flow.judge import judge
from controller.flow.shared.results import Result
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id` and the `step`'s number → a verdict."""
    return judge(world, event["deployment_id"], event["step"])
