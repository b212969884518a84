"""Unlock: a person frees a held environment and changes nothing else."""

from dataclasses import dataclass
from typing import Literal

from controller.domain.timeline import EventKind
from controller.errors import NotFoundError
from controller.flow.shared.hand_over import accept
from controller.flow.shared.results import DeploymentResult, Unknown
from controller.flow.shared.timeline import record
from controller.ports.world import World


@dataclass(frozen=True)
class Unlocked(DeploymentResult):
    """Whether the environment takes releases again."""

    outcome: Literal["unlocked", "refused"]


def unlock(world: World, deployment_id: str, reason: str) -> Unlocked | Unknown:
    """Free an environment that is held because of this deployment, and change nothing else.

    The deployment's rollback failed, or a recovery from its restore point was not finished, and a person has solved the
    problem in another way. Outcomes: `unlocked`, `refused`.
    """
    try:
        deployment = world.deployments.get(deployment_id)
    except NotFoundError as error:
        return Unknown("refused", str(error))
    if not accept(world, deployment):
        return Unlocked(deployment, "refused", f"It is {deployment.phase}: nothing is held because of it.")
    record(world, deployment_id, EventKind.UNLOCKED, f"A person unlocked the environment as it is: {reason}")
    return Unlocked(deployment, "unlocked", reason)
