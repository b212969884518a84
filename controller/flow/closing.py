"""Ending a deployment, however it ended: the last phase, the turn handed on, one notice.

The terminal phase is written first, together with a notice that is still owed. Whoever dies after that leaves a
deployment that the reconciler finds, and `finish` can be done again.
"""

from collections.abc import Collection

from controller.domain.deployment import Deployment
from controller.domain.phases import OPEN, UNTOUCHED, Phase
from controller.errors import LedgerConflictError, SelfrightError
from controller.flow.story import card, environment_of, tell
from controller.flow.turns import hand_on
from controller.flow.world import World

HELD_ADVICE = (
    "Look at `selfright status`, correct what is wrong, then run `selfright rollback` on the failed deployment."
)
REMEMBERED = frozenset({Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED})


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
    changes = {"phase": phase, "reason": reason, "next_step": next_step, "closed_at": now, "notice": "pending"}
    try:
        ended = world.deployments.update(deployment_id, changes, phases=phases, untripped=untripped)
    except LedgerConflictError:
        ended = world.deployments.get(deployment_id)
        if ended.phase is not phase:
            raise
    else:
        tell(world, deployment_id, "closed", f"{phase}: {reason}" if reason else str(phase))
    finish(world, ended)
    return ended


def finish(world: World, ended: Deployment) -> None:
    """Do what is owed after the end: guards closed, version remembered, turn handed on, notice sent."""
    if ended.notice != "pending":
        return
    _close_guards(world, ended)
    if ended.phase in REMEMBERED:
        world.versions.remember(ended, ended.phase)
    _hand_on(world, ended)
    world.notices.send(ended)
    world.deployments.update(ended.deployment_id, {"notice": "sent"}, phases={ended.phase})


def _close_guards(world: World, ended: Deployment) -> None:
    try:
        alarms = environment_of(world, ended).deployment_preference.alarms
    except SelfrightError:
        return  # The environment is gone or was never there: nothing guards it.
    world.guards.close(ended.deployment_id, alarms)


def _hand_on(world: World, ended: Deployment) -> None:
    live = {Phase.SUCCEEDED: ended.deployment_id, Phase.ROLLED_BACK: ended.previous}.get(ended.phase)
    hold = f"The rollback of {ended.deployment_id} failed." if ended.phase is Phase.ROLLBACK_FAILED else ""
    refused = hand_on(world, ended.environment_key, ended.deployment_id, live=live, hold=hold)
    if refused:
        reason = f"The environment is held: {hold}"
        rejected = close(world, refused.deployment_id, Phase.REJECTED, reason, HELD_ADVICE, phases=UNTOUCHED)
        world.workflows.succeed(refused.queue_token, card(rejected, "held"))
