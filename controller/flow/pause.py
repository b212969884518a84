"""Pause for a person, and Resume: the evidence was too little, and the environment's policy is to ask."""

from controller.domain.phases import MOVING
from controller.flow.shared.bake import conclude
from controller.flow.shared.lease import HOLD_SECONDS, renewed
from controller.flow.shared.timeline import Card, tell
from controller.ports.world import World


def hold(world: World, deployment_id: str, task_token: str) -> None:
    """Wait for a person: `selfright resume` answers the token, an alarm or `selfright rollback` ends the bake."""
    world.deployments.update(deployment_id, {"hold_token": task_token, **renewed(world, HOLD_SECONDS)}, phases=MOVING)


def resume(world: World, deployment_id: str) -> Card:
    """A person said that the release may go on."""
    deployment = world.deployments.get(deployment_id)
    tell(world, deployment_id, "resumed", "A person let the release go on.")
    return conclude(world, deployment, "healthy", "A person let the release go on.")
