"""Reconcile: every deployment whose execution died is rolled back or finished.

It runs when an execution ends with an error, and on a schedule, because such events are best effort. Pressing *Stop*
in the console is therefore a rollback. Nothing here counts attempts: a rollback that dies is started again, as often as
it takes.
"""

import hashlib
from contextlib import suppress
from datetime import datetime, timedelta

from controller.domain.advice import again_advice
from controller.domain.deployment import Deployment
from controller.domain.phases import TOUCHED, UNTOUCHED, Phase
from controller.domain.timeline import EventKind
from controller.errors import SelfrightError
from controller.flow.rollback.afterwards import afterwards
from controller.flow.shared.closure import finish, reject
from controller.flow.shared.lease import ran_out
from controller.flow.shared.lost_uploads import FAILED, start_lost_uploads
from controller.flow.shared.timeline import record
from controller.flow.wait_for_lock import settle
from controller.ports.world import World

GRACE = timedelta(seconds=30)
"""The task that ended a deployment gets this long to finish it itself."""
ENDED = "Its execution ended before the deployment did: it was stopped, timed out, or broke."
LEFT = "It tripped, and its execution still waited for something else."
LEFT_AFTER = timedelta(minutes=1)
"""So long after its trip a deployment is rolling back, unless its execution waits for something else."""
STUCK = "Its lease ran out without any progress: it is stuck."


def reconcile(world: World, event_at: datetime | None = None) -> dict[str, str]:
    """Check every open deployment; returns deployment id → what was done, for those where something was.

    `event_at` is when an execution ended with an error: nothing is done if a check has begun since then, so many such
    events at once cause few checks. An error with one deployment (it is the value) does not stop the others.
    """
    now = world.clock.now()
    since = now if event_at is None else event_at + timedelta(seconds=1)  # Events have whole seconds.
    if not world.open_deployments.begin_sweep(now, since):
        return {}
    actions = {deployment_id: _reconcile_alone(world, deployment_id) for deployment_id in _urgent_first(world, now)}
    done = {deployment_id: action for deployment_id, action in actions.items() if action}
    if event_at is None:
        done |= _start_lost_uploads(world)
    if not any(action.startswith(FAILED) for action in done.values()):
        world.open_deployments.end_sweep(now)
    return done


def _urgent_first(world: World, now: datetime) -> list[str]:
    """The open deployments: first those that have not ended, because discarding what others left can take long.

    Otherwise the order is another one at each check: one that takes all the time of the function does not always take
    it from the same others.
    """

    def has_ended(deployment_id: str) -> bool:
        try:
            return world.deployments.get(deployment_id).phase.is_terminal
        except Exception:  # noqa: BLE001 - it is said when its turn comes
            return False

    def place(deployment_id: str) -> tuple[bool, str]:
        return has_ended(deployment_id), hashlib.sha256(f"{now:%d%H%M} {deployment_id}".encode()).hexdigest()

    return sorted(world.open_deployments.open(), key=place)


def _start_lost_uploads(world: World) -> dict[str, str]:
    try:
        return start_lost_uploads(world)
    except SelfrightError as error:
        return {"uploads": f"{FAILED}: {error}"}


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
    if deployment.unsent:
        with suppress(SelfrightError):  # Nothing waits for a notification; the next sweep sends it.
            _finish(world, deployment)
    goes_on = not ran_out(deployment, world.clock.now()) and not _is_left(deployment, world.clock.now())
    if goes_on and world.workflows.is_running(_execution(deployment)):
        return settle(world, deployment) if deployment.phase is Phase.QUEUED else ""
    if deployment.phase in UNTOUCHED:
        return _reject(world, deployment)
    return _roll_back(world, deployment)


def _finish(world: World, deployment: Deployment) -> str:
    now = world.clock.now()
    if deployment.closed_at is not None and now - deployment.closed_at < GRACE:
        return ""
    if deployment.grace_until is None or not deployment.phase.is_terminal:
        finish(world, deployment)
        return "finished"
    return afterwards(world, deployment)


def _reject(world: World, deployment: Deployment) -> str:
    reason = f"{_why(world, deployment)} Nothing was touched."
    if world.workflows.is_running(deployment.execution_arn):
        world.workflows.stop(deployment.execution_arn, reason)
    reject(world, deployment, reason, again_advice(deployment.deployment_id))
    return "rejected"


def _execution(deployment: Deployment) -> str:
    if deployment.phase is Phase.ROLLING_BACK:
        return deployment.rollback_execution_arn
    return deployment.execution_arn


def _is_left(deployment: Deployment, now: datetime) -> bool:
    """Whether it tripped, and its execution has not begun to roll it back: it pauses, and nobody has woken it."""
    return deployment.phase in TOUCHED and deployment.trip is not None and now - deployment.trip.at >= LEFT_AFTER


def _why(world: World, deployment: Deployment) -> str:
    if ran_out(deployment, world.clock.now()):
        return STUCK
    return LEFT if world.workflows.is_running(_execution(deployment)) else ENDED


def _roll_back(world: World, deployment: Deployment) -> str:
    # One start for each execution that died; with the minute, a start that died before its claim can be repeated.
    died = hashlib.sha256(deployment.rollback_execution_arn.encode()).hexdigest()[:4]
    name = f"{deployment.deployment_id}-{died}-{world.clock.now():%d%H%M}"
    why = _why(world, deployment)
    world.workflows.start_rollback(deployment.deployment_id, why, name)
    record(world, deployment.deployment_id, EventKind.RECONCILED, f"{why} A rollback was started.")
    return "rollback started"
