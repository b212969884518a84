"""Unlock: a person frees a held environment, and leaves everything as it is."""

from controller.flow.shared.lock import free
from controller.flow.shared.timeline import Card, card, tell
from controller.ports.world import World


def unlock(world: World, deployment_id: str, reason: str) -> Card:
    """Free an environment that is held because of this deployment, leaving everything as it is now.

    Its rollback has failed, or a recovery from its restore point was not brought to an end.

    For a person who has put it right in another way than back. Outcomes: `unlocked`, `refused`.
    """
    deployment = world.deployments.get(deployment_id)
    if not free(world, deployment.environment_key, deployment_id):
        return card(deployment, "refused", reason=f"It is {deployment.phase}: nothing is held because of it.")
    tell(world, deployment_id, "unlocked", f"A person unlocked the environment as it is: {reason}")
    return card(deployment, "unlocked", reason=reason)
