"""Begin rollback: the rollback of a deployment is claimed, whatever the deployment is doing."""

from dataclasses import dataclass
from typing import Literal

from controller.domain.advice import HELD_ADVICE
from controller.domain.deployment import Awaited, Changes, Deployment, Trip, TripSource
from controller.domain.judging.usage import most_used_first
from controller.domain.phases import MOVING, Phase
from controller.domain.timeline import EventKind
from controller.errors import ConflictError, LedgerConflictError
from controller.flow.rollback.traffic import hold_others_back
from controller.flow.shared.closure import release_abandoned_lock
from controller.flow.shared.lock import retake_lock
from controller.flow.shared.pending import lasting
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.flow.shared.trip import trip
from controller.ports.world import World

AGAIN = frozenset({Phase.SUCCEEDED, Phase.ROLLBACK_FAILED})
"""The ends from which a person may still roll back."""


@dataclass(frozen=True)
class RollbackBegun(DeploymentResult):
    """Whether the rollback begins, and the `components` to restore first."""

    outcome: Literal["begun", "nothing", "refused"]
    components: list[str] | None = None


def begin_rollback(world: World, deployment_id: str, execution_arn: str, by: TripSource, reason: str) -> RollbackBegun:
    """Claim the rollback of a deployment, whatever it is doing.

    Outcomes: `begun`; `nothing` when it has ended, or when another execution is rolling it back; `refused` when a
    person asked for what cannot be done now.
    """
    deployment = world.deployments.get(deployment_id)
    if not deployment.phase.is_terminal:
        deployment = trip(world, deployment_id, by, reason)  # It may have ended in between.
    if deployment.phase.is_terminal:
        if by != "person" or deployment.phase not in AGAIN:
            return _nothing(deployment)
        if refusal := _refusal(world, deployment):
            return RollbackBegun(deployment, "refused", refusal)
    elif deployment.phase is Phase.ROLLING_BACK and _has_another_execution(world, deployment, execution_arn):
        return RollbackBegun(deployment, "nothing")
    elif by != "fault" and world.workflows.is_running(deployment.execution_arn):
        world.workflows.stop(deployment.execution_arn, reason)
    return _claim(world, deployment, execution_arn, by, reason)


def _nothing(deployment: Deployment) -> RollbackBegun:
    return RollbackBegun(deployment, "nothing", f"It has ended: {deployment.phase}. {deployment.reason}".strip())


def _has_another_execution(world: World, deployment: Deployment, execution_arn: str) -> bool:
    other = deployment.rollback_execution_arn
    return other != execution_arn and world.workflows.is_running(other)


def _refusal(world: World, deployment: Deployment) -> str:
    """Why a deployment that has ended cannot be rolled back now; "" when it can, and then it holds the lock."""
    if deployment.notification == "pending":
        return "It is being closed at this moment: ask again."  # Its closing would release the lock again.
    if deployment.phase is Phase.SUCCEEDED and not deployment.changed:
        return "It changed nothing, so there is nothing to roll back."
    held = world.locks.load(deployment.environment_key).held
    if deployment.phase is Phase.SUCCEEDED and held:
        return f"The environment is held: {held} {HELD_ADVICE}"
    if deployment.phase is Phase.SUCCEEDED and (moved := _not_live(world, deployment)):
        return f"{moved} is not on this release any more: roll back the deployment that is live."
    try:
        retake_lock(world, deployment)
    except ConflictError as error:
        return (
            "The lock has just come free: ask again."
            if release_abandoned_lock(world, deployment.environment_key)
            else str(error)
        )
    return ""


def _not_live(world: World, deployment: Deployment) -> str:
    environment = environment_of(world, deployment)
    for name in deployment.changed:
        try:
            live = world.components.get(environment, name, urgent=True).current().id
        except ConflictError as error:
            return str(error)
        if live != deployment.staged[name].id:
            return name
    return ""


def _claim(world: World, deployment: Deployment, execution_arn: str, by: TripSource, reason: str) -> RollbackBegun:
    changes: Changes = {
        "phase": Phase.ROLLING_BACK,
        "rollback_execution_arn": execution_arn,
        "rollback_attempts": deployment.rollback_attempts + 1,
        "trip": deployment.trip or Trip(world.clock.now(), by, reason),
        "notification": "",
        "awaited": _unfinished(world, deployment),
    }
    phases = MOVING if deployment.phase in MOVING else {deployment.phase}
    try:
        claimed = world.deployments.update(deployment.deployment_id, changes, phases=phases)
    except LedgerConflictError:
        claimed = world.deployments.get(deployment.deployment_id)
        if (claimed.phase, claimed.rollback_execution_arn) != (Phase.ROLLING_BACK, execution_arn):
            return RollbackBegun(claimed, "nothing")
    if claimed.steps:
        world.markers.mark(claimed, Phase.ROLLING_BACK, world.clock.now())
    record(world, claimed.deployment_id, EventKind.ROLLING_BACK, f"Rolling back: {claimed.rollback_reason}")
    if not claimed.traffic_restored_at:
        hold_others_back(world, len(claimed.restore_point or {}))
    return RollbackBegun(claimed, "begun", claimed.rollback_reason, _first(world, claimed))


def _unfinished(world: World, deployment: Deployment) -> dict[str, Awaited]:
    """What was never staged to the end: closing discards what there is of it. The rollback waits for it anew."""
    unfinished = deployment.awaited.keys() - deployment.staged.keys()
    slow = lasting(world, deployment) if unfinished else ()
    return {name: Awaited(deployment.awaited[name].since, over=True) for name in unfinished if name not in slow}


def _first(world: World, deployment: Deployment) -> list[str]:
    """What to restore first: all but what takes long, because the code that is live until then may need that.

    The most used component comes first.
    """
    names, slow = most_used_first(deployment.restore_point or {}, deployment.evaluation), lasting(world, deployment)
    return [name for name in names if name not in slow] or names
