"""Reconcile: every deployment whose execution died is rolled back or finished.

It runs when an execution ends with an error, and on a schedule, because such events are best effort. Pressing *Stop*
in the console is therefore a rollback.
"""

from datetime import timedelta

from controller.domain.deployment import Deployment
from controller.domain.phases import OPEN, Phase
from controller.domain.timeline import EventKind
from controller.errors import SelfrightError
from controller.flow.rollback.close import PERSON_ADVICE
from controller.flow.shared.closure import close, finish
from controller.flow.shared.lease import ran_out
from controller.flow.shared.timeline import record
from controller.flow.wait_for_lock import settle
from controller.ports.world import World

FAILED = "failed"
MOST_ATTEMPTS = 5
GRACE = timedelta(minutes=1)
"""The task that ended a deployment gets this long to finish it, so that people are not notified twice."""
ENDED = "Its execution ended before the deployment did: it was stopped, timed out, or broke."
STUCK = "Its lease ran out without any progress: it is stuck."


def reconcile(world: World) -> dict[str, str]:
    """Check every open deployment; returns deployment id → what was done, for those where something was.

    An error with one deployment (it is the value) does not stop the others.
    """
    actions = {deployment_id: _reconcile_alone(world, deployment_id) for deployment_id in world.open_deployments.open()}
    return {deployment_id: action for deployment_id, action in actions.items() if action}


def _reconcile_alone(world: World, deployment_id: str) -> str:
    try:
        return _reconcile(world, world.deployments.get(deployment_id))
    except SelfrightError as error:
        return f"{FAILED}: {error}"
    except Exception as error:  # noqa: BLE001 - an error with one must not stop the others
        return f"{FAILED}: {type(error).__name__}"


def _reconcile(world: World, deployment: Deployment) -> str:
    if deployment.phase.is_terminal:
        return _finish(world, deployment)
    if world.workflows.is_running(_execution(deployment)) and not ran_out(deployment, world.clock.now()):
        return _settle(world, deployment) if deployment.phase is Phase.QUEUED else ""
    if deployment.rollback_attempts >= MOST_ATTEMPTS:
        reason = f"{MOST_ATTEMPTS} rollbacks ended before they were complete."
        close(world, deployment.deployment_id, Phase.ROLLBACK_FAILED, reason, PERSON_ADVICE, phases=OPEN)
        return "given up"
    return _roll_back(world, deployment)


def _finish(world: World, ended: Deployment) -> str:
    just_now = ended.closed_at is not None and world.clock.now() - ended.closed_at < GRACE
    if ended.notification != "pending" or just_now:
        return ""
    finish(world, ended)
    return "finished"


def _settle(world: World, deployment: Deployment) -> str:
    outcome = settle(world, deployment)
    return "" if outcome == "waiting" else outcome


def _execution(deployment: Deployment) -> str:
    if deployment.phase is Phase.ROLLING_BACK:
        return deployment.rollback_execution_arn
    return deployment.execution_arn


def _roll_back(world: World, deployment: Deployment) -> str:
    # With the minute in its name, a start that died before its claim can be repeated, but not at once.
    name = f"{deployment.deployment_id}-{deployment.rollback_attempts + 1}-{world.clock.now():%d%H%M}"
    why = STUCK if ran_out(deployment, world.clock.now()) else ENDED
    world.workflows.start_rollback(deployment.deployment_id, why, name)
    record(world, deployment.deployment_id, EventKind.RECONCILED, f"{why} A rollback was started.")
    return "rollback started"
