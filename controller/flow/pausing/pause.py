"""Pause for a person: there is too little evidence, and the environment's policy is to ask."""

from controller.domain.deployment import Changes
from controller.domain.phases import MOVING
from controller.flow.shared.lease import PAUSE_SECONDS, renewed
from controller.ports.world import World


def pause(world: World, deployment_id: str, task_token: str) -> None:
    """Add the token, which `selfright resume` answers; an alarm or `selfright rollback` ends the bake, too."""
    changes: Changes = {"pause_tokens": (task_token,), **renewed(world, PAUSE_SECONDS)}
    world.deployments.update(deployment_id, changes, phases=MOVING)
