"""Ending a deployment, however it ended: the last phase, the lock released, one notification.

The terminal phase is written first, together with a notification that is still pending. If the function dies
after that, the reconciler finds the deployment, and `finish` can be repeated.
"""

from collections.abc import Collection
from contextlib import suppress

from controller.domain.advice import HELD_ADVICE
from controller.domain.deployment import Changes, Deployment
from controller.domain.phases import OPEN, REMEMBERED, UNTOUCHED, Phase
from controller.domain.timeline import EventKind
from controller.errors import InvalidEnvironmentError, LedgerConflictError, UnknownEnvironmentError
from controller.flow.shared.lock import release_lock
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.world import World

REFUSED = frozenset({Phase.REJECTED, Phase.SUPERSEDED})


def reject(world: World, deployment: Deployment, reason: str, next_step: str) -> Deployment:
    """End a deployment before anything is touched."""
    return close(world, deployment.deployment_id, Phase.REJECTED, reason, next_step, phases=UNTOUCHED)


def close(  # noqa: PLR0913 - how it ended, said in full
    world: World,
    deployment_id: str,
    phase: Phase,
    reason: str,
    next_step: str = "",
    *,
    phases: Collection[Phase] = OPEN,
    untripped: bool = False,
) -> Deployment:
    """End a deployment in this phase, once; ending it again in the same phase finishes what was left undone.

    Raises `LedgerConflictError` when it has ended otherwise, or has a trip and must not (`untripped`).
    """
    now = world.clock.now()
    changes: Changes = {
        "phase": phase,
        "reason": reason,
        "next_step": next_step,
        "closed_at": now,
        "notification": "pending",
    }
    try:
        ended = world.deployments.update(deployment_id, changes, phases=phases, untripped=untripped)
    except LedgerConflictError:
        ended = world.deployments.get(deployment_id)
        if ended.phase is not phase:
            raise
    else:
        record(world, deployment_id, EventKind.CLOSED, f"{phase}: {reason}" if reason else str(phase))
        _mark(world, ended)
    finish(world, ended)
    return ended


def finish(world: World, ended: Deployment) -> None:
    """Do what is due after the end: guards closed, version remembered, lock released, notification sent.

    Every step can be repeated. If this dies between sending the notification and noting that, people get it twice.
    """
    if ended.notification != "pending":
        return
    _close_guards(world, ended)
    if ended.phase in REMEMBERED and not (ended.phase is Phase.ROLLED_BACK and ended.failed_before_traffic):
        world.versions.remember(ended, ended.phase)
    _release_lock(world, ended)
    answer(world, ended, ended.queue_token)
    world.notifications.send(ended)
    world.deployments.update(ended.deployment_id, {"notification": "sent"}, phases={ended.phase})


def _mark(world: World, ended: Deployment) -> None:
    """Mark the end on the graphs, if visitors ever got anything of it."""
    if ended.steps:
        world.markers.mark(ended, ended.phase, world.clock.now())


def answer(world: World, ended: Deployment, task_token: str) -> None:
    """Answer an execution that waits for its lock with `rejected` or `superseded`; harmless if none waits."""
    if task_token and ended.phase in REFUSED:
        world.workflows.succeed(task_token, DeploymentResult(ended, ended.phase.lower()).document())


def release_abandoned_lock(world: World, environment_key: str) -> bool:
    """Release the lock if its holder has already ended; return whether it had.

    Usually none has. This heals the one case that the order of writes cannot exclude: a deployment that asked for its
    lock, or was granted it, at the very moment at which it ended.
    """
    holder = world.locks.load(environment_key).holder
    if not holder:
        return False
    deployment = world.deployments.get(holder)
    if not deployment.phase.is_terminal:
        return False
    _release_lock(world, deployment)
    return True


def _close_guards(world: World, ended: Deployment) -> None:
    try:
        alarms = environment_of(world, ended).deployment_preference.alarms
    except (UnknownEnvironmentError, InvalidEnvironmentError):
        return  # The environment is gone or never existed. A left-over guard does no harm.
    world.guards.close(ended.deployment_id, alarms)


def _release_lock(world: World, ended: Deployment) -> None:
    live = {Phase.SUCCEEDED: ended.deployment_id, Phase.ROLLED_BACK: ended.previous}.get(ended.phase)
    hold = f"The rollback of {ended.deployment_id} failed." if ended.phase is Phase.ROLLBACK_FAILED else ""
    refused = release_lock(world, ended.environment_key, ended.deployment_id, live=live, hold=hold)
    if refused:
        with suppress(LedgerConflictError):  # It has ended, or is being rolled back: then it needs no lock.
            reject(world, refused, f"The environment is held: {hold}", HELD_ADVICE)
