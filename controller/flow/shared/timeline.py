"""What a deployment tells: its timeline in the ledger, and the card that the Step Functions console shows."""

from collections.abc import Mapping
from typing import Any

from controller.domain.deployment import Deployment, TimelineEvent
from controller.domain.environment import Environment
from controller.ports.world import World

Card = dict[str, Any]


def tell(world: World, deployment_id: str, kind: str, message: str) -> None:
    """Add a line to the deployment's timeline."""
    world.deployments.record(deployment_id, TimelineEvent(world.clock.now(), kind, message))


def card(deployment: Deployment, outcome: str, **more: Any) -> Card:  # noqa: ANN401 - JSON values
    """The few values that pass between states and that a person wants to see in the console."""
    known: Mapping[str, Any] = {
        "outcome": outcome,
        "deployment_id": deployment.deployment_id,
        "application": deployment.application,
        "environment": deployment.environment,
        "version": deployment.version,
        "phase": str(deployment.phase),
        "components": list(deployment.components),
        "reason": deployment.reason,
        "next_step": deployment.next_step,
    }
    return {**known, **more}


def environment_of(world: World, deployment: Deployment) -> Environment:
    """The configuration of the environment that the deployment goes to."""
    return world.environments.get(deployment.application, deployment.environment)
