"""The rollback machine: begin, restore every component, verify that it is so, close."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from controller.domain.deployment import Awaited, Deployment, Pending, Trip, TripSource
from controller.domain.environment import Environment, StackTarget
from controller.domain.phases import MOVING, Phase
from controller.domain.usage import most_used_first
from controller.errors import ChangedByOthersError, ConflictError, LedgerConflictError, SelfrightError, TransientError
from controller.flow.rollback.discard import discard_staged
from controller.flow.shared.closure import HELD_ADVICE, close, release_abandoned_lock
from controller.flow.shared.lock import free, retake_lock
from controller.flow.shared.pending import awaiting, lasting, pause_of, takes_long
from controller.flow.shared.timeline import Card, card, environment_of, tell
from controller.flow.shared.trip import clear_the_way, note_restored, restore, trip
from controller.flow.test import outside_checks_of, probe_all
from controller.ports.world import World

LAST_QUESTION = timedelta(minutes=30)
"""Beyond a component's patience: so long takes the last question, with the pause before it."""
AGAIN = frozenset({Phase.SUCCEEDED, Phase.ROLLBACK_FAILED})
"""The ends from which a person may still roll back."""
NEW_ADVICE = "Correct it and release it under a new version."
AGAIN_ADVICE = "Put it right and upload the bundle again: no visitor got anything of it, so it may keep its version."
PERSON_ADVICE = (
    "Put it right by hand, then run `selfright rollback` on this deployment: "
    "that verifies it and frees the environment."
)


def begin(world: World, deployment_id: str, execution_arn: str, by: TripSource, reason: str) -> Card:
    """Claim the rollback of a deployment, whatever it is doing.

    Outcomes: `begun`; `nothing` when it has ended, or when another execution is rolling it back; `refused` when a
    person asked for what cannot be done now.
    """
    deployment = world.deployments.get(deployment_id)
    if not deployment.phase.is_terminal:
        deployment = trip(world, deployment_id, by, reason)  # It may have ended in between.
    if deployment.phase.is_terminal:
        if by != "person" or deployment.phase not in AGAIN:
            return _nothing(deployment)
        if refusal := _refusal(world, deployment):
            return card(deployment, "refused", reason=refusal)
    elif deployment.phase is Phase.ROLLING_BACK and _in_other_hands(world, deployment, execution_arn):
        return card(deployment, "nothing")
    elif by != "fault" and world.workflows.is_running(deployment.execution_arn):
        world.workflows.stop(deployment.execution_arn, reason)
    return _claim(world, deployment, execution_arn, by, reason)


def accept(world: World, deployment_id: str, reason: str) -> Card:
    """Free an environment that is held because of this deployment, leaving everything as it is now.

    Its rollback has failed, or a recovery from its restore point was not brought to an end.

    For a person who has put it right in another way than back. Outcomes: `accepted`, `refused`.
    """
    deployment = world.deployments.get(deployment_id)
    if not free(world, deployment.environment_key, deployment_id):
        return card(deployment, "refused", reason=f"It is {deployment.phase}: nothing is held because of it.")
    tell(world, deployment_id, "accepted", f"A person accepted the environment as it is: {reason}")
    return card(deployment, "accepted", reason=reason)


def _nothing(deployment: Deployment) -> Card:
    return card(deployment, "nothing", reason=f"It has ended: {deployment.phase}. {deployment.reason}".strip())


def _in_other_hands(world: World, deployment: Deployment, execution_arn: str) -> bool:
    other = deployment.rollback_execution_arn
    return other != execution_arn and world.workflows.is_running(other)


def _refusal(world: World, deployment: Deployment) -> str:
    """Why a deployment that has ended cannot be rolled back now; "" when it can, and then it holds the lock."""
    if deployment.notification == "pending":
        return "It is being closed at this moment: ask again."  # Whoever closes it would give the lock away again.
    if deployment.phase is Phase.SUCCEEDED and not deployment.changed:
        return "It changed nothing, so there is nothing to roll back."
    held = world.locks.load(deployment.environment_key).held
    if deployment.phase is Phase.SUCCEEDED and held:
        return f"The environment is held: {held} {HELD_ADVICE}"
    if deployment.phase is Phase.SUCCEEDED and (moved := _not_live(world, deployment)):
        return f"{moved} is not on this release any more: roll back the deployment that is live."
    try:
        retake_lock(world, deployment)
    except ConflictError as error:
        return (
            "The lock has just come free: ask again."
            if release_abandoned_lock(world, deployment.environment_key)
            else str(error)
        )
    return ""


def _not_live(world: World, deployment: Deployment) -> str:
    environment = environment_of(world, deployment)
    for name in deployment.changed:
        try:
            live = world.components.get(environment, name, urgent=True).current().id
        except ConflictError as error:
            return str(error)
        if live != deployment.staged[name].id:
            return name
    return ""


def _claim(world: World, deployment: Deployment, execution_arn: str, by: TripSource, reason: str) -> Card:
    changes: dict[str, Any] = {
        "phase": Phase.ROLLING_BACK,
        "rollback_execution_arn": execution_arn,
        "rollback_attempts": deployment.rollback_attempts + 1,
        "trip": deployment.trip or Trip(world.clock.now(), by, reason),
        "notification": "",
        "awaited": _begun(world, deployment),
    }
    phases = MOVING if deployment.phase in MOVING else {deployment.phase}
    try:
        claimed = world.deployments.update(deployment.deployment_id, changes, phases=phases)
    except LedgerConflictError:
        claimed = world.deployments.get(deployment.deployment_id)
        if (claimed.phase, claimed.rollback_execution_arn) != (Phase.ROLLING_BACK, execution_arn):
            return card(claimed, "nothing")
    if claimed.steps:
        world.markers.mark(claimed, Phase.ROLLING_BACK, world.clock.now())
    tell(world, claimed.deployment_id, "rolling_back", f"Rolling back: {_why(claimed)}")
    if not claimed.traffic_restored_at:
        clear_the_way(world, len(claimed.restore_point or {}))
    return card(claimed, "begun", components=_first(world, claimed), reason=_why(claimed))


def _begun(world: World, deployment: Deployment) -> dict[str, Awaited]:
    """What was being made on the way forward and never came to be: closing takes it away. The way back waits anew."""
    unfinished = deployment.awaited.keys() - deployment.staged.keys()
    slow = lasting(world, deployment) if unfinished else ()
    return {name: Awaited(deployment.awaited[name].since, over=True) for name in unfinished if name not in slow}


def _first(world: World, deployment: Deployment) -> list[str]:
    """What to restore first: all but what takes long, because the code that is live until then may need that.

    Of these the most used comes first.
    """
    names, slow = most_used_first(deployment.restore_point or {}, deployment.evaluation), lasting(world, deployment)
    return [name for name in names if name not in slow] or names


def _why(deployment: Deployment) -> str:
    return deployment.trip.reason if deployment.trip else deployment.reason


def restore_component(world: World, deployment_id: str, name: str) -> Card:
    """Send all visitors to a component's stable revision; running it again changes nothing.

    Outcomes: `restored`; `pending` when it is to be asked again; `left_alone` when a person changed it, which does not
    pass by trying again. Raises `ConflictError` when the lock is not this deployment's (any more): others may be at
    work here.
    """
    deployment = world.deployments.get(deployment_id)
    if world.locks.load(deployment.environment_key).holder != deployment_id:
        owner = f"Deployment {deployment_id} does not hold the lock of {deployment.environment_key}"
        msg = f"{owner}: {name} was left as it is."
        raise ConflictError(msg)
    environment = environment_of(world, deployment)
    if takes_long(environment, name):
        return _restore_lasting(world, environment, deployment, name)
    try:
        restore(world, environment, deployment, name)
    except ChangedByOthersError as error:
        tell(world, deployment_id, "restore_failed", f"{name}: {error}")
        return {"component": name, "outcome": "left_alone"}
    tell(world, deployment_id, "restored", f"{name} is back on its stable revision.")
    return {"component": name, "outcome": "restored"}


def _restore_lasting(world: World, environment: Environment, deployment: Deployment, name: str) -> Card:
    """The same for what takes long; how it stands is noted, so that the verification knows whether to wait for it."""
    try:
        answer = restore(world, environment, deployment, name)
        if isinstance(answer, Pending):
            changes = awaiting(world, deployment, name, answer)
            world.deployments.update(deployment.deployment_id, changes, phases={Phase.ROLLING_BACK})
            return {"component": name, "outcome": "pending", "reason": answer.doing}
    except (TransientError, LedgerConflictError):
        raise
    except SelfrightError as error:
        _note_over(world, deployment, name, trouble=str(error))
        tell(world, deployment.deployment_id, "restore_failed", f"{name}: {error}")
        return {"component": name, "outcome": "left_alone"}
    left = answer.reason if answer else ""
    _note_over(world, deployment, name, left=left)
    tell(world, deployment.deployment_id, "restored", left or f"{name} is back on its stable revision.")
    return {"component": name, "outcome": "restored"}


def _note_over(world: World, deployment: Deployment, name: str, *, left: str = "", trouble: str = "") -> None:
    since = deployment.awaited[name].since if name in deployment.awaited else world.clock.now()
    over = Awaited(since, over=True, left=left, trouble=trouble)
    world.deployments.update(deployment.deployment_id, {f"awaited.{name}": over}, phases={Phase.ROLLING_BACK})


def verify_restoration(world: World, deployment_id: str) -> Card:
    """Look whether everything is as the restore point says, from inside and from outside.

    Outcomes: `verified`; `pending` while some `components` take their time: restore them (again) in `wait_seconds`; or
    `failed` with the reason.
    """
    deployment = world.deployments.get(deployment_id)
    left = _left_to_restore(world, deployment)
    trouble = _not_restored(world, deployment, left)
    trouble += [] if trouble else _without_answer(world, deployment, left)
    if left and not trouble:
        pause = pause_of(deployment, world.clock.now())
        return card(deployment, "pending", components=left, wait_seconds=pause, reason="")
    trouble += [f"{name}: was left as it is, because what may need it is not restored" for name in left]
    trouble += _failing_outside(world, deployment)
    if trouble:
        return card(deployment, "failed", reason="; ".join(trouble)[:1000])
    if deployment.restore_point:
        if deployment.changed:
            note_restored(world, deployment)
        tell(world, deployment_id, "restoration_verified", "Everything is as it was before this release.")
    return card(deployment, "verified", reason="")


def _left_to_restore(world: World, deployment: Deployment) -> list[str]:
    """What takes long, and has not been restored yet or is on its way."""
    slow = [name for name in lasting(world, deployment) if name in (deployment.restore_point or {})]
    return [name for name in slow if name not in deployment.awaited or not deployment.awaited[name].over]


def _without_answer(world: World, deployment: Deployment, left: Collection[str]) -> list[str]:
    """Those of which nothing has been heard within their patience: asking them fails in a way that does not pass.

    One that answers is given up by itself when its patience is over; this is for one that cannot even be asked.
    """
    now, trouble = world.clock.now(), []
    for name in left:
        if name not in deployment.awaited:
            changes = {f"awaited.{name}": Awaited(now)}
            world.deployments.update(deployment.deployment_id, changes, phases={Phase.ROLLING_BACK})
        elif now - deployment.awaited[name].since > _patience(world, deployment, name):
            trouble.append(f"{name}: could not be asked in time; see the log of the function `selfright-traffic`")
    return trouble


def _patience(world: World, deployment: Deployment, name: str) -> timedelta:
    target = environment_of(world, deployment).components[name]
    return timedelta(minutes=target.timeout_minutes if isinstance(target, StackTarget) else 0) + LAST_QUESTION


def _not_restored(world: World, deployment: Deployment, left: Collection[str]) -> list[str]:
    environment = environment_of(world, deployment) if deployment.restore_point else None
    trouble = []
    for name, stable in (deployment.restore_point or {}).items():
        awaited = deployment.awaited.get(name, Awaited(deployment.created_at))
        if awaited.trouble:
            trouble.append(f"{name}: {awaited.trouble}")
        if awaited.trouble or awaited.left or name in left:
            continue
        try:
            live = world.components.get(environment, name, urgent=True).current().id if environment else ""
        except SelfrightError as error:
            trouble.append(f"{name}: {error}")
            continue
        if live != stable.id:
            trouble.append(f"{name}: is on {live} and should be on {stable.id}")
    return trouble


def _failing_outside(world: World, deployment: Deployment) -> list[str]:
    """The checks of the release that is live again, made from outside; none when there was no release before."""
    if not deployment.restore_point or not deployment.previous:
        return []
    checks = outside_checks_of(world.deployments.get(deployment.previous))
    results = probe_all(world, environment_of(world, deployment), checks)
    return [f"{result.check}: {result.detail}" for result in results if not result.passed]


def close_rollback(world: World, deployment_id: str, trouble: str) -> Card:
    """End the deployment: `ROLLED_BACK`, `REJECTED` when nothing was touched, or `ROLLBACK_FAILED` with the trouble."""
    deployment = world.deployments.get(deployment_id)
    why, advice = " ".join([_why(deployment), *_left(deployment)]), AGAIN_ADVICE if deployment.blameless else NEW_ADVICE
    if trouble and deployment.restore_point:
        phase, why, advice = Phase.ROLLBACK_FAILED, f"{why} Putting it back failed: {trouble}", PERSON_ADVICE
    else:
        phase = Phase.ROLLED_BACK if deployment.restore_point else Phase.REJECTED
        if deployment.phase is Phase.ROLLING_BACK:
            discard_staged(world, deployment)
    ended = close(world, deployment_id, phase, why, advice, phases={Phase.ROLLING_BACK})
    return card(ended, str(phase))


def _left(deployment: Deployment) -> list[str]:
    return [f"{name}: {one.left}" for name, one in deployment.awaited.items() if one.left]
