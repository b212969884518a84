"""Ending a deployment, however it ended: the last phase and the lock together, then what nobody waits for.

The transaction that ends a deployment also notes the notification that is due. Guards, waiting tasks and the
notification follow; if the function dies before that, the reconciler does them. A notification is claimed before it is
sent, so that it is sent once, and a deployment that is rolled back meanwhile still owes it.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from controller.domain.deployment import Deployment, Unsent
from controller.domain.phases import OPEN, UNTOUCHED, Phase
from controller.domain.timeline import EventKind
from controller.errors import (
    InvalidEnvironmentError,
    LedgerConflictError,
    SelfrightError,
    UnknownEnvironmentError,
    UnsendableError,
)
from controller.flow.shared.hand_over import end, follow_up
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.ledger import ANYTHING, Expected
from controller.ports.world import World

REFUSED = frozenset({Phase.REJECTED, Phase.SUPERSEDED})
CLAIM = timedelta(minutes=2)
"""How long one function may take to send a notification, before another sends it."""
PATIENCE = timedelta(days=1)
"""How long a notification is tried again: after that, it is no news any more, and would only keep its alarm ringing."""


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
    expected: Expected = ANYTHING,
    grace: timedelta | None = None,
) -> Deployment:
    """End a deployment in this phase, once; ending it again in the same phase changes nothing.

    `grace` is how long something of it is kept: its guards, or what was staged.

    Raises `LedgerConflictError` when it has ended otherwise, or is not as `expected`.
    """
    deployment = world.deployments.get(deployment_id)
    try:
        moved = end(world, deployment, phase, reason, next_step, phases=phases, expected=expected, grace=grace)
    except LedgerConflictError:
        ended = world.deployments.get(deployment_id)
        if ended.phase is not phase:
            raise
        follow_up(world, [deployment_id], finish)  # The attempt that ended it may have died.
        return ended
    follow_up(world, moved, closed)
    return world.deployments.get(deployment_id)


def closed(world: World, ended: Deployment) -> None:
    """Note the end in the timeline and on the graphs, then do what is due."""
    said = f"{ended.phase}: {ended.reason}" if ended.reason else str(ended.phase)
    record(world, ended.deployment_id, EventKind.CLOSED, said)
    if ended.steps:  # Visitors may have got something of it.
        world.markers.mark(ended, ended.phase, world.clock.now())
    finish(world, ended)


def finish(world: World, deployment: Deployment) -> None:
    """Do what is due for a deployment: close its guards, answer the task that waits, send its notifications.

    Every step can be repeated. If this dies between sending a notification and noting that, people get it twice. One
    that cannot be sent does not keep the next from being sent; its error is raised after that.
    """
    if deployment.phase.is_terminal:
        if not is_guarded(deployment, world.clock.now()):
            _close_guards(world, deployment)
        answer(world, deployment)
    troubles: list[SelfrightError] = []
    for name, unsent in deployment.unsent.items():
        try:
            _send(world, deployment, name, unsent)
        except SelfrightError as error:
            troubles.append(error)
    if troubles:
        raise troubles[0]
    world.deployments.leave_open(deployment.deployment_id)


def _send(world: World, deployment: Deployment, name: str, unsent: Unsent) -> None:
    """Send a notification, unless somebody else does; one that nobody will ever take is given up, and that is said."""
    now = world.clock.now()
    if not world.deployments.claim(deployment.deployment_id, name, now, now + CLAIM):
        return
    told = replace(deployment, phase=unsent.phase, reason=unsent.reason, next_step=unsent.next_step)
    try:
        world.notifications.send(told)
    except SelfrightError as error:
        is_over = unsent.since is not None and now - unsent.since > PATIENCE
        if not (isinstance(error, UnsendableError) or is_over):
            raise
        record(world, deployment.deployment_id, EventKind.UNSENT, f"Nobody was told that it is {unsent.phase}: {error}")
    world.deployments.update(deployment.deployment_id, {"sent": name}, phases=frozenset(Phase))


def is_guarded(ended: Deployment, now: datetime) -> bool:
    """Whether an alarm may still come that is about this release: it is guarded for a while after its end."""
    return ended.phase is Phase.SUCCEEDED and ended.grace_until is not None and now < ended.grace_until


def answer(world: World, ended: Deployment, task_token: str = "") -> None:
    """Answer the tasks that wait for the lock of an ended deployment with its end; harmless if none waits."""
    if ended.phase in REFUSED:
        for token in {*ended.queue_tokens, task_token} - {""}:
            world.workflows.succeed(token, DeploymentResult(ended, ended.phase.lower()).document())


def _close_guards(world: World, ended: Deployment) -> None:
    with suppress(UnknownEnvironmentError, InvalidEnvironmentError):  # Then its guards expire.
        alarms = environment_of(world, ended).deployment_preference.alarms
        world.guards.close(ended.deployment_id, alarms)
