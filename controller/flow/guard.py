"""Guard alarms: the branch of a bake that an alarm ends."""

from controller.domain.phases import MOVING
from controller.flow.shared.bake import require_current
from controller.ports.world import World


def guard(world: World, deployment_id: str, step: int, task_token: str) -> None:
    """Add the token by which an alarm ends the bake; answer it at once after a trip, or when the bake is over."""
    require_current(world.deployments.get(deployment_id), step)
    deployment = world.deployments.update(deployment_id, {"guard_tokens": (task_token,)}, phases=MOVING)
    if deployment.trip:
        world.workflows.fail(task_token, deployment.trip.reason)
    elif deployment.bake and deployment.bake.step == step and deployment.bake.concluded:
        world.workflows.succeed(task_token, {"outcome": "concluded"})
