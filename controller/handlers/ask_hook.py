"""Ask pre-traffic hook, and Ask post-traffic hook."""

from typing import Any

from controller.flow.ask_hook import ask_hook
from controller.flow.shared.results import Result
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id`, which `hook`, and `task_token`; the hook, an alarm or the timeout ends the wait."""
    return ask_hook(world, event["deployment_id"], event["hook"], event["task_token"])
