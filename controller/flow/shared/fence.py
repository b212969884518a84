"""The fence of a deployment: the trip, and whether the deployment may still move traffic forward or back.

Whoever moves a component reads it first, then asks here, and then writes on the condition that the component is still
as it was read. A deployment cannot end, and the next one cannot begin, before every component was written after that;
so a write that comes too late fails. `docs/protocol.md` has the whole argument.
"""

from datetime import datetime

from controller.domain.deployment import Deployment, Trip, TripSource
from controller.domain.phases import MOVING, TOUCHED, Phase
from controller.domain.timeline import EventKind, TimelineEvent
from controller.errors import LedgerConflictError, TrippedError
from controller.ports.ledger import Expected
from controller.ports.world import World


def trip(
    world: World, deployment_id: str, source: TripSource, reason: str, data_until: datetime | None = None
) -> Deployment:
    """Write the trip, unless there is one; the first reason stays. A deployment that has ended is left alone."""
    made = Trip(world.clock.now(), source, reason, data_until=data_until)
    deployment = write_trip(world, deployment_id, made)
    if deployment.trip == made:
        record_trip(world, deployment_id, made)
    return deployment


def write_trip(world: World, deployment_id: str, made: Trip) -> Deployment:
    """Write the trip, unless there is one; the deployment as it is then."""
    try:
        return world.deployments.update(deployment_id, {"trip": made}, phases=MOVING, expected=Expected(absent="trip"))
    except LedgerConflictError:
        return world.deployments.get(deployment_id)


def record_trip(world: World, deployment_id: str, made: Trip) -> None:
    """Note the trip in the timeline."""
    world.deployments.record(deployment_id, TimelineEvent(made.at, EventKind.TRIPPED, made.reason))


def permit(world: World, deployment_id: str) -> Deployment:
    """The deployment, if it may still go forward.

    Raises `TrippedError` when it has tripped: what was done for it must be undone. Raises `LedgerConflictError` when it
    has ended or does not hold the lock: nothing may be touched for it. (Its phase says whether it holds the lock.)
    """
    deployment = world.deployments.get(deployment_id)
    if deployment.trip:
        raise TrippedError(deployment.trip.reason)
    if deployment.phase not in TOUCHED:
        msg = f"Deployment {deployment_id} is {deployment.phase} and may not go forward (any more)."
        raise LedgerConflictError(msg)
    return deployment


def permit_back(world: World, deployment_id: str) -> Deployment:
    """The deployment, if its components are to be restored: it is rolling back, or has tripped and will be.

    Raises `LedgerConflictError` when it has ended: what it restored belongs to the next deployment.
    """
    deployment = world.deployments.get(deployment_id)
    if not goes_back(deployment):
        msg = f"Deployment {deployment_id} is {deployment.phase}: nothing is restored for it (any more)."
        raise LedgerConflictError(msg)
    return deployment


def goes_back(deployment: Deployment) -> bool:
    """Whether the deployment's components are to be restored."""
    return deployment.phase is Phase.ROLLING_BACK or (deployment.phase in TOUCHED and deployment.trip is not None)
