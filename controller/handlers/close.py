"""Close deployment."""

from typing import Any

from controller.flow.rollback.close import close_rollback
from controller.flow.shared.results import Result
from controller.ports.world import World


def handle(world: World, event: dict[str, Any]) -> Result:
    """End the rollback.

    `deployment_id`, `execution` and the `trouble` that the verification found ("" for none) → the last phase; or
    `unstage`, and the components in which that is to be done again.
    """
    return close_rollback(world, event["deployment_id"], event.get("trouble") or "", event["execution"])
