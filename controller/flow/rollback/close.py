"""Close deployment: the end of a rollback."""

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from controller.flow.rollback.discard import discard_staged
from controller.flow.shared.closure import close
from controller.flow.shared.results import DeploymentResult
from controller.ports.world import World

NEW_ADVICE = "Correct it and release it under a new version."
AGAIN_ADVICE = "Correct it and upload the bundle again: no visitor got anything of it, so it may keep its version."
PERSON_ADVICE = (
    "Restore it by hand, then run `selfright rollback` on this deployment: "
    "that verifies it and unlocks the environment."
)


def close_rollback(world: World, deployment_id: str, trouble: str) -> DeploymentResult:
    """End the deployment: `ROLLED_BACK`, `REJECTED` when nothing was touched, or `ROLLBACK_FAILED` with the trouble."""
    deployment = world.deployments.get(deployment_id)
    why, advice = (
        " ".join([deployment.rollback_reason, *_left(deployment)]),
        AGAIN_ADVICE if deployment.failed_before_traffic else NEW_ADVICE,
    )
    if trouble and deployment.restore_point:
        phase, why, advice = Phase.ROLLBACK_FAILED, f"{why} Restoring failed: {trouble}", PERSON_ADVICE
    else:
        phase = Phase.ROLLED_BACK if deployment.restore_point else Phase.REJECTED
        if deployment.phase is Phase.ROLLING_BACK:
            discard_staged(world, deployment)
    ended = close(world, deployment_id, phase, why, advice, phases={Phase.ROLLING_BACK})
    return DeploymentResult(ended, str(phase))


def _left(deployment: Deployment) -> list[str]:
    return [f"{name}: {one.left}" for name, one in deployment.awaited.items() if one.left]
