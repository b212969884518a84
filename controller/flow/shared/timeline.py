"""The timeline of a deployment: what happened to it, in the ledger; and the environment that it goes to."""

from controller.domain.deployment import Deployment
from controller.domain.environment import Environment
from controller.domain.timeline import EventKind, TimelineEvent
from controller.ports.world import World


def record(world: World, deployment_id: str, kind: EventKind, message: str) -> None:
    """Add an event to the deployment's timeline."""
    world.deployments.record(deployment_id, TimelineEvent(world.clock.now(), kind, message))


def environment_of(world: World, deployment: Deployment) -> Environment:
    """The configuration of the environment that the deployment goes to."""
    return world.environments.get(deployment.application, deployment.environment)
