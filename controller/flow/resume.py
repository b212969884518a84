"""Resume: a person has looked at a paused deployment, and lets it go on."""

from controller.domain.timeline import EventKind
from controller.flow.shared.bake import Judged, conclude
from controller.flow.shared.timeline import record
from controller.ports.world import World


def resume(world: World, deployment_id: str) -> Judged:
    """A person said that the release may go on."""
    deployment = world.deployments.get(deployment_id)
    record(world, deployment_id, EventKind.RESUMED, "A person let the release go on.")
    return conclude(world, deployment, "healthy", "A person let the release go on.")
