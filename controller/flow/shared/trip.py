"""The trip: the recorded reason for which a deployment must be undone, and what it forbids."""

from datetime import datetime

from controller.domain.deployment import Deployment, Trip, TripSource
from controller.domain.phases import MOVING
from controller.domain.timeline import EventKind, TimelineEvent
from controller.errors import LedgerConflictError, TrippedError
from controller.ports.world import World


def trip(
    world: World, deployment_id: str, source: TripSource, reason: str, fired_at: datetime | None = None
) -> Deployment:
    """Write the trip, unless there is one; the first reason stays. A deployment that has ended is left alone."""
    made = Trip(world.clock.now(), source, reason, fired_at)
    deployment = write_trip(world, deployment_id, made)
    if deployment.trip == made:
        record_trip(world, deployment_id, made)
    return deployment


def write_trip(world: World, deployment_id: str, made: Trip) -> Deployment:
    """Write the trip, unless there is one; the deployment as it is then."""
    try:
        return world.deployments.update(deployment_id, {"trip": made}, phases=MOVING, absent="trip")
    except LedgerConflictError:
        return world.deployments.get(deployment_id)


def record_trip(world: World, deployment_id: str, made: Trip) -> None:
    """Note the trip in the timeline."""
    world.deployments.record(deployment_id, TimelineEvent(made.at, EventKind.TRIPPED, made.reason))


def permit(world: World, deployment_id: str) -> Deployment:
    """The deployment, if it may still go forward.

    Raises `TrippedError` when it has tripped: what was done for it must be undone. Raises `LedgerConflictError` when it
    has ended or lost its lock: nothing may be touched for it any more.
    """
    deployment = world.deployments.get(deployment_id)
    lock = world.locks.load(deployment.environment_key)
    if deployment.trip:
        raise TrippedError(deployment.trip.reason)
    if deployment.phase not in MOVING or (lock.holder, lock.token) != (deployment_id, deployment.fencing_token):
        state = f"Deployment {deployment_id} is {deployment.phase}"
        msg = f"{state} and may not go forward: it does not hold the lock (any more)."
        raise LedgerConflictError(msg)
    return deployment
