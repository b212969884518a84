"""Begin rollback: the rollback of a deployment is claimed, whatever the deployment is doing."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Literal

from controller.domain.advice import again_advice, by_hand_advice, held_advice
from controller.domain.deployment import Awaited, Changes, Deployment, Trip, TripSource, due
from controller.domain.history import last_change
from controller.domain.judging.usage import most_used_first
from controller.domain.phases import MOVING, TOUCHED, UNTOUCHED, Phase
from controller.domain.printable import sentences
from controller.domain.timeline import EventKind
from controller.errors import (
    ChangedByOthersError,
    InvalidEnvironmentError,
    LedgerConflictError,
    NotFoundError,
    SelfrightError,
    TransientError,
    UnknownEnvironmentError,
)
from controller.flow.rollback.traffic import hold_others_back, may_have_moved
from controller.flow.shared.closure import finish, reject
from controller.flow.shared.fence import trip
from controller.flow.shared.hand_over import find, reopen
from controller.flow.shared.overtaking import serves
from controller.flow.shared.pending import lasting
from controller.flow.shared.results import DeploymentResult, Unknown
from controller.flow.shared.timeline import environment_of, record
from controller.ports.components import Component
from controller.ports.ledger import Expected
from controller.ports.world import World
from controller.seen_again import seen_again

AGAIN: Mapping[TripSource, Collection[Phase]] = {
    "person": {Phase.SUCCEEDED, Phase.ROLLBACK_FAILED},
    "alarm": {Phase.SUCCEEDED},
}
"""Who may still roll back after which ends: an alarm comes late."""

OF_ITS_OWN: Collection[TripSource] = {"fault", "check"}
"""Why the deployment's own execution asks: it waits for the rollback, and is not stopped."""
NOBODY = ""
"""The execution that rolls back, as long as it has not begun: the release's own may still be ending."""


@dataclass(frozen=True)
class RollbackBegun(DeploymentResult):
    """Whether the rollback begins, and the `components` to restore first."""

    outcome: Literal["begun", "nothing", "refused"]
    components: list[str] | None = None


def begin_rollback(
    world: World, deployment_id: str, execution_arn: str, by: TripSource, reason: str
) -> RollbackBegun | Unknown:
    """Claim the rollback of a deployment, whatever it is doing.

    Of a release that changed nothing, a person gets the rollback of what it stands on: the last one that differs. The
    answer names the deployment that is rolled back.

    Outcomes: `begun`; `nothing` when it has ended, when nothing of it was touched (then it is rejected), or when
    another execution is rolling it back; `refused` when a person asked for what cannot be done now, or of a deployment
    that does not exist.
    """
    try:
        deployment = world.deployments.get(deployment_id)
    except NotFoundError as error:
        return Unknown("refused", str(error))
    if by == "person":
        deployment = last_change(partial(find, world), deployment)
        deployment_id = deployment.deployment_id
    if not deployment.phase.is_terminal:
        deployment = trip(world, deployment_id, by, reason)  # It may have ended in between.
    if deployment.phase in MOVING and by not in OF_ITS_OWN and world.workflows.is_running(deployment.execution_arn):
        world.workflows.stop(deployment.execution_arn, reason)
    if deployment.phase in UNTOUCHED:
        deployment = _reject(world, deployment)
    if deployment.phase.is_terminal:
        if deployment.phase not in AGAIN.get(by, ()):
            return _nothing(deployment)
        begun = _again(world, deployment, execution_arn, Trip(world.clock.now(), by, reason))
        deployment = begun.deployment
        if deployment.phase is not Phase.ROLLING_BACK or begun.outcome == "begun":
            return begun  # Otherwise somebody else has just taken the lock for this rollback, and may have died.
    if deployment.phase is Phase.ROLLING_BACK and _has_another_execution(world, deployment, execution_arn):
        return RollbackBegun(deployment, "nothing")
    return _claim(world, deployment, execution_arn)


def _nothing(deployment: Deployment) -> RollbackBegun:
    return RollbackBegun(deployment, "nothing", f"It has ended: {deployment.phase}. {deployment.reason}".strip())


def _reject(world: World, deployment: Deployment) -> Deployment:
    """End a deployment of which nothing was touched; as it is now, if it has just gone on."""
    try:
        return reject(world, deployment, deployment.rollback_reason, again_advice(deployment.deployment_id))
    except LedgerConflictError:
        return world.deployments.get(deployment.deployment_id)


def _has_another_execution(world: World, deployment: Deployment, execution_arn: str) -> bool:
    other = deployment.rollback_execution_arn
    return other != execution_arn and world.workflows.is_running(other)


def _again(world: World, deployment: Deployment, execution_arn: str, made: Trip) -> RollbackBegun:
    """Roll back a deployment that has ended, if it is live or its failed rollback holds the environment."""
    if refusal := _refusal(world, deployment):
        lock = world.locks.load(deployment.environment_key)  # The next release may have moved what was just read.
        if made.source == "alarm" and not lock.holder and not lock.held and serves(world, lock, deployment):
            _tell_refused(world, deployment, made, refusal)
        return RollbackBegun(deployment, "refused", refusal)
    claimed = reopen(world, deployment, execution_arn, made)
    if claimed is None:
        present = world.deployments.get(deployment.deployment_id)
        return RollbackBegun(present, "refused", _not_possible(world, present))
    return _begun(world, claimed)


def _tell_refused(world: World, deployment: Deployment, made: Trip, refusal: str) -> None:
    """Tell people, once, that an alarm after the end asks for a rollback that cannot be made."""
    now, step = world.clock.now(), "Release what is right, or restore it by hand."
    said = f"{made.reason} It came after the end, and the release cannot be rolled back: {refusal}"
    changes: Changes = {"cleared": ("late_alarm",), "unsent_now": due(now, deployment.phase, said, step)}
    with suppress(LedgerConflictError):
        told = world.deployments.update(deployment.deployment_id, changes, phases={Phase.SUCCEEDED})
        record(world, deployment.deployment_id, EventKind.RESTORE_FAILED, said)
        finish(world, told)


def _refusal(world: World, deployment: Deployment) -> str:
    """Why a deployment that has ended cannot be rolled back; "" when it can, as far as its components say."""
    if deployment.phase is Phase.SUCCEEDED and not deployment.changed:
        return "It changed nothing, and no release before it is known that did: there is nothing to roll back."
    try:
        environment = environment_of(world, deployment)
    except (UnknownEnvironmentError, InvalidEnvironmentError) as error:
        return str(error)
    elsewhere: dict[str, str] = {}
    for name in deployment.changed:
        try:
            component = world.components.get(environment, name, urgent=True)
            if refusal := _gone(component, name, deployment):
                return refusal
            if deployment.phase is Phase.SUCCEEDED and (found := _elsewhere(component, deployment.staged[name].id)):
                elsewhere[name] = found
        except TransientError:
            raise
        except SelfrightError as error:
            return f"{name}: {error}"
    return _moved(world, deployment, elsewhere) if elsewhere else ""


def _gone(component: Component, name: str, deployment: Deployment) -> str:
    stable = (deployment.restore_point or {})[name]
    there = seen_again(lambda: component.has(stable), bool)
    return "" if there else f"{name}: the revision {stable.id}, which was live before, does not exist any more."


def _elsewhere(component: Component, staged: str) -> str:
    """What the component is on instead of what was staged for it, in words; "" if it is on that."""
    try:
        live = seen_again(lambda: component.current().id, lambda live: live == staged)
    except (ChangedByOthersError, NotFoundError) as error:  # Traffic is split, or an alias was deleted.
        return f"{str(error).rstrip('.')}, and this release left it on {staged}"
    return "" if live == staged else f"it is on {live or 'nothing'}, and this release left it on {staged}"


def _moved(world: World, deployment: Deployment, elsewhere: Mapping[str, str]) -> str:
    """Why components that are elsewhere are not moved: by a later release or by hand, which stays."""
    if not serves(world, world.locks.load(deployment.environment_key), deployment):
        names = " and ".join(elsewhere)
        return f"{names} {_be(elsewhere)} not on this release any more: roll back the deployment that is live."
    found = "; ".join(f"{name} was changed by hand: {what}" for name, what in elsewhere.items())
    return f"{found}. {by_hand_advice(deployment, list(elsewhere))}"


def _be(names: Collection[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _not_possible(world: World, deployment: Deployment) -> str:
    """Why the lock was not given for this rollback."""
    lock = world.locks.load(deployment.environment_key)
    if lock.holder:
        return f"Deployment {lock.holder} holds the lock of {deployment.environment_key}: roll that one back first."
    if lock.held and (deployment.phase is Phase.SUCCEEDED or lock.held_by != deployment.deployment_id):
        advice = held_advice(lock.environment_key, lock.held, lock.held_by)
        return sentences(f"The environment is held: {lock.held}", advice)
    if deployment.phase is Phase.ROLLBACK_FAILED:
        return "Its failed rollback was accepted, so the environment is not held because of it any more."
    return f"It is not live any more: {lock.live or 'nothing'} is. Roll back the deployment that is live."


def _claim(world: World, deployment: Deployment, execution_arn: str) -> RollbackBegun:
    """Claim the rollback of a deployment on its way, or continue one whose execution has died."""
    changes: Changes = {"phase": Phase.ROLLING_BACK, "rollback_execution_arn": execution_arn}
    changes |= {"unstaged": {}, "unstage_rounds": 0}
    phases: Collection[Phase] = {deployment.phase}
    if deployment.phase in TOUCHED:  # It may go on in between.
        changes["awaited"] = _unfinished(world, deployment)
        phases = TOUCHED
    expected = Expected(rollback_execution_arn=deployment.rollback_execution_arn)
    try:
        claimed = world.deployments.update(deployment.deployment_id, changes, phases=phases, expected=expected)
    except LedgerConflictError:
        claimed = world.deployments.get(deployment.deployment_id)
        if (claimed.phase, claimed.rollback_execution_arn) != (Phase.ROLLING_BACK, execution_arn):
            return RollbackBegun(claimed, "nothing")
    return _begun(world, claimed)


def _begun(world: World, claimed: Deployment) -> RollbackBegun:
    if claimed.steps:
        world.markers.mark(claimed, Phase.ROLLING_BACK, world.clock.now())
    record(world, claimed.deployment_id, EventKind.ROLLING_BACK, f"Rolling back: {claimed.rollback_reason}")
    first = _first(world, claimed)
    if not claimed.traffic_restored_at:
        hold_others_back(world, len(first))
    return RollbackBegun(claimed, "begun", claimed.rollback_reason, first)


def _unfinished(world: World, deployment: Deployment) -> dict[str, Awaited]:
    """What was never staged to the end: closing discards what there is of it. The rollback waits for it anew."""
    unfinished = deployment.awaited.keys() - deployment.staged.keys()
    slow = lasting(world, deployment) if unfinished else ()
    return {name: Awaited(deployment.awaited[name].since, over=True) for name in unfinished if name not in slow}


def _first(world: World, deployment: Deployment) -> list[str]:
    """What to restore first: all but what takes long, because the code that is live until then may need that.

    The most used component comes first.
    """
    names, slow = most_used_first(deployment.restore_point or {}, deployment.evaluation), lasting(world, deployment)
    moved = [name for name in names if name not in slow and may_have_moved(deployment, name)]
    return moved or [name for name in names if name in slow]
