"""Verify."""

from typing import Any

from controller.flow.shared.results import Result
from controller.flow.verify import verify
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """`deployment_id` and the `step`'s number → `healthy`, `unhealthy`, `ask`; if the machine `may_wait`, `not_yet`."""
    return verify(world, event["deployment_id"], event["step"], may_wait=event.get("may_wait", False))
