"""Complete: the release is live and stable; old revisions are removed."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from controller.domain.deployment import Deployment, Revision
from controller.domain.judging.alarm_data import LATENESS
from controller.domain.phases import TOUCHED, Phase
from controller.domain.strategy import ALL
from controller.domain.timeline import EventKind
from controller.errors import LedgerConflictError, SelfrightError, TrippedError
from controller.flow.preconditions import snapshots
from controller.flow.preconditions.hotfix import guarding
from controller.flow.shared.closure import close
from controller.flow.shared.evidence import blindness
from controller.flow.shared.fence import permit
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.ledger import Expected
from controller.ports.world import World

UNKNOWN = timedelta(minutes=30)
"""The time for which a release is guarded when its alarms' periods cannot be read."""


@dataclass(frozen=True)
class Completed(DeploymentResult):
    """The release is live, at this weight (percent)."""

    outcome: Literal["succeeded"]
    weight: int = 0


def complete(world: World, deployment_id: str) -> Completed:
    """End a good deployment; raises `TrippedError` when it tripped just before completion."""
    deployment = world.deployments.get(deployment_id)
    if deployment.phase is not Phase.SUCCEEDED:
        deployment = permit(world, deployment_id)
        if deployment.changed and deployment.weight < ALL:
            msg = f"Deployment {deployment_id} is at {deployment.weight} %: it is not complete."
            raise LedgerConflictError(msg)
        _prune(world, deployment)
    reason = _unjudged(world, deployment) if deployment.changed else "Nothing changed: the same was live already."
    try:
        ended = close(
            world,
            deployment_id,
            Phase.SUCCEEDED,
            reason,
            phases=TOUCHED,
            expected=Expected(untripped=True),
            grace=_guarded_for(world, deployment),
        )
    except LedgerConflictError as error:
        raise TrippedError(str(error)) from error
    return Completed(ended, "succeeded", weight=ended.weight)


def _unjudged(world: World, deployment: Deployment) -> str:
    """Why nothing, or too little, has looked at the release; "" when something has."""
    if deployment.unjudged:
        return deployment.unjudged
    requests = deployment.evaluation.canary.requests if deployment.evaluation else 0
    return blindness(world, deployment, guarding(environment_of(world, deployment), deployment), requests)


def _guarded_for(world: World, deployment: Deployment) -> timedelta | None:
    """How long every alarm may still take to fire for the last minute of the last bake; None without alarms."""
    alarms = guarding(environment_of(world, deployment), deployment) if deployment.changed else []
    if not alarms:
        return None
    try:
        return world.alarms.reaction(alarms) + LATENESS
    except SelfrightError:
        return UNKNOWN


def _prune(world: World, deployment: Deployment) -> None:
    """Remove old revisions, never what is live or the restore point; a failure is no reason to roll back."""
    environment = environment_of(world, deployment)
    for name in deployment.changed:
        permit(world, deployment.deployment_id)  # The next release may need what a late call would delete.
        keep = [deployment.staged[name], *_before(deployment, name)]
        try:
            gone = world.components.get(environment, name).prune(keep, environment.keep_revisions)
        except SelfrightError as error:
            record(world, deployment.deployment_id, EventKind.PRUNE_FAILED, f"{name}: {error}")
            continue
        if gone:
            record(
                world,
                deployment.deployment_id,
                EventKind.PRUNED,
                f"{name}: {gone} old revision{'s' * (gone != 1)} removed.",
            )
    snapshots.prune(world, environment, deployment)


def _before(deployment: Deployment, name: str) -> list[Revision]:
    revision = (deployment.restore_point or {}).get(name)
    return [revision] if revision else []
