"""Resume: a person has looked at a paused deployment, and lets it go on."""

from controller.flow.shared.bake import conclude
from controller.flow.shared.timeline import Card, tell
from controller.ports.world import World


def resume(world: World, deployment_id: str) -> Card:
    """A person said that the release may go on."""
    deployment = world.deployments.get(deployment_id)
    tell(world, deployment_id, "resumed", "A person let the release go on.")
    return conclude(world, deployment, "healthy", "A person let the release go on.")
