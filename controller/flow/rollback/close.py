"""Close deployment: the end of a rollback."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from controller.domain.advice import again_advice, failed_advice
from controller.domain.deployment import Changes, Deployment
from controller.domain.phases import Phase
from controller.domain.printable import sentences
from controller.domain.timeline import EventKind
from controller.errors import InvalidEnvironmentError, UnknownEnvironmentError
from controller.flow.rollback.discard import leaves_something
from controller.flow.rollback.unstage import not_unstaged
from controller.flow.shared.closure import close
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.ledger import Expected
from controller.ports.world import World

NEW_ADVICE = "Correct it and release it under a new version."
UNSTAGE_ADVICE = (
    "No visitor gets what is still in a function itself, but whoever calls that without its alias does: give it the"
    " code and configuration of that version again by hand, or release what changes it."
)
MOST_ROUNDS = 3
"""So often what failed while nothing answered is undone again: only once the ledger answers can this be asked."""
RETRY_ADVICE = 'If the cause was not in it, release the same contents again: `selfright retry {} --reason "…"`'


@dataclass(frozen=True)
class RollbackClosed(DeploymentResult):
    """The last phase; or `unstage`, when what was staged in these components is to be undone again first."""

    unstage: list[str] | None = None


def close_rollback(world: World, deployment_id: str, trouble: str, execution_arn: str) -> RollbackClosed:
    """End the deployment: `ROLLED_BACK`, `REJECTED` when nothing was touched, or `ROLLBACK_FAILED` with the trouble.

    Nothing is done when it has ended, or when another execution than this one rolls it back: the outcome is its phase.
    Nor does it end yet with the outcome `unstage`: *Unstage component* has failed, and is to be run again before.
    """
    deployment = world.deployments.get(deployment_id)
    expected = Expected(rollback_execution_arn=execution_arn)
    if (deployment.phase, deployment.rollback_execution_arn) != (Phase.ROLLING_BACK, execution_arn):
        return RollbackClosed(deployment, str(deployment.phase))
    staged: list[str] = []
    why, advice = sentences(deployment.rollback_reason, *_left(deployment)), again_advice(deployment_id)
    if deployment.is_condemned:
        advice = f"{NEW_ADVICE} {RETRY_ADVICE.format(deployment_id)}"
    if deployment.restore_point and not trouble and (names := not_unstaged(world, deployment)):
        if deployment.unstage_rounds < MOST_ROUNDS:
            changes: Changes = {"unstage_rounds": deployment.unstage_rounds + 1}
            again = world.deployments.update(deployment_id, changes, phases={Phase.ROLLING_BACK}, expected=expected)
            return RollbackClosed(again, "unstage", "", names)
        staged = _still_staged(deployment, names)
        why, advice = sentences(why, *staged), sentences(advice, UNSTAGE_ADVICE)
    if trouble and deployment.restore_point:
        phase, advice = Phase.ROLLBACK_FAILED, failed_advice(deployment)
        why = sentences(why, f"Restoring failed: {trouble}")
    else:
        phase = Phase.ROLLED_BACK if deployment.restore_point else Phase.REJECTED
    grace = _grace(world, deployment) if phase is Phase.ROLLED_BACK and leaves_something(deployment) else None
    ended = close(world, deployment_id, phase, why, advice, phases={Phase.ROLLING_BACK}, expected=expected, grace=grace)
    for one in staged:
        record(world, deployment_id, EventKind.UNSTAGED, one)
    return RollbackClosed(ended, str(phase))


def _still_staged(deployment: Deployment, names: Sequence[str]) -> list[str]:
    """What is to be said of each component in which what was staged may still be."""
    before = deployment.restore_point or {}
    return [
        f"{name}: its own code and configuration ($LATEST) may still be those of this release, because undoing that"
        f" failed. Before, they were those of version {before[name].id}."
        for name in names
        if name in before
    ]


def _left(deployment: Deployment) -> list[str]:
    return [f"{name}: {one.left}" for name, one in deployment.awaited.items() if one.left]


def _grace(world: World, deployment: Deployment) -> timedelta:
    """How long what was staged is kept: not at all if no visitor ever got it."""
    if not deployment.reached:
        return timedelta()
    try:
        return timedelta(seconds=environment_of(world, deployment).discard_after)
    except (UnknownEnvironmentError, InvalidEnvironmentError):
        return timedelta()
