"""Resume: a person has decided that a paused deployment continues."""

from controller.domain.timeline import EventKind
from controller.flow.shared.bake import Judged, conclude
from controller.flow.shared.timeline import record
from controller.ports.world import World


def resume(world: World, deployment_id: str) -> Judged:
    """End the bake as healthy, because a person resumed it."""
    deployment = world.deployments.get(deployment_id)
    record(world, deployment_id, EventKind.RESUMED, "A person resumed the release.")
    return conclude(world, deployment, "healthy", "A person resumed the release.")
