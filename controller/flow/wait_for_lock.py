"""Wait for lock: the newest waiting release of an environment goes next, older waiting ones are superseded."""

from controller.domain.deployment import Deployment
from controller.domain.timeline import EventKind
from controller.errors import LedgerConflictError
from controller.flow.shared.closure import answer, closed
from controller.flow.shared.hand_over import ask_for_lock, follow_up, is_abandoned, tell_granted
from controller.flow.shared.timeline import record
from controller.ports.world import World


def wait_for_lock(world: World, deployment_id: str, task_token: str) -> None:
    """Queue the deployment; the task token is answered when it gets the lock, or never will.

    Answers: `granted`, `superseded`, `rejected`. The token is written together with the answer of the lock, so that
    whoever releases the lock (or the reconciler) can answer it. Each attempt of the task has a token of its own.
    """
    try:
        asked = ask_for_lock(world, deployment_id, task_token)
    except LedgerConflictError:
        answer(world, world.deployments.get(deployment_id), task_token)
        return  # If it is being rolled back, that stops this execution as well.
    if asked.outcome == "waiting":
        record(world, deployment_id, EventKind.QUEUED, "Waiting for the deployment before it to end.")
    displaced = [asked.displaced.deployment_id] if asked.displaced else []
    follow_up(world, [deployment_id, *displaced], closed)


def settle(world: World, deployment: Deployment) -> str:
    """Wake a queued deployment that was granted the lock, or let it ask again if nobody holds it; what was done."""
    if deployment.fencing_token:
        tell_granted(world, deployment)
        return ""
    if not is_abandoned(world, deployment.environment_key):
        return ""
    asked = ask_for_lock(world, deployment.deployment_id, "")
    follow_up(world, [deployment.deployment_id], closed)
    return asked.outcome
