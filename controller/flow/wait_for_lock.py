"""Wait for lock: the newest waiting release of an environment goes next, older waiting ones are superseded."""

from contextlib import suppress

from controller.domain.advice import HELD_ADVICE
from controller.domain.deployment import Changes, Deployment
from controller.domain.phases import UNTOUCHED, Phase
from controller.domain.timeline import EventKind
from controller.errors import LedgerConflictError
from controller.flow.shared.closure import answer, close, reject, release_abandoned_lock
from controller.flow.shared.lock import grant, request_lock
from controller.flow.shared.timeline import record
from controller.ports.world import World


def wait_for_lock(world: World, deployment_id: str, task_token: str) -> None:
    """Queue the deployment; the task token is answered when it gets the lock, or never will.

    Answers: `granted`, `superseded`, `rejected`. The token is written to the ledger first, so that the
    deployment that releases the lock (or the reconciler) can answer it.
    """
    changes: Changes = {"phase": Phase.QUEUED, "queue_token": task_token}
    try:
        deployment = world.deployments.update(deployment_id, changes, phases=UNTOUCHED)
    except LedgerConflictError:
        answer(world, world.deployments.get(deployment_id), task_token)
        return  # If a rollback has moved it on, it stops this execution as well.
    if settle(world, deployment) == "waiting":
        record(world, deployment_id, EventKind.QUEUED, "Waiting for the deployment before it to end.")


def settle(world: World, deployment: Deployment) -> str:
    """Ask for the lock for a queued deployment, act on the answer and return it; repeating that is harmless."""
    asked = request_lock(world, deployment)
    if asked.displaced:
        _supersede(world, asked.displaced.deployment_id, f"Version {deployment.version} was uploaded later.")
    match asked.outcome:
        case "granted":
            grant(world, deployment)
        case "superseded":
            _supersede(world, deployment.deployment_id, "A newer release was uploaded before this one got the lock.")
        case "held":
            reject(world, deployment, f"The environment is held: {asked.lock.held}", HELD_ADVICE)
        case "waiting":
            release_abandoned_lock(world, deployment.environment_key)
    return asked.outcome


def _supersede(world: World, deployment_id: str, reason: str) -> None:
    with suppress(LedgerConflictError):  # It has ended, or is being rolled back: then it needs no lock.
        close(world, deployment_id, Phase.SUPERSEDED, reason, phases=UNTOUCHED)
