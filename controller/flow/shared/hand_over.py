"""Hand-overs of an environment's lock: it changes together with the phases of the deployments that this concerns.

So a deployment holds the lock exactly while it is on its way: queued with a fencing token, staging, shifting, baking or
rolling back. No moment lies between taking the lock and going on, or between ending and releasing it. Each hand-over
here is decided on what was read, and written in one transaction if all of that still holds; otherwise it is decided
again. What follows from a hand-over (tasks that are answered, notifications) can be done later, by anybody.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Generic, TypeVar

from controller.domain.advice import held_advice
from controller.domain.deployment import Changes, Deployment, Trip, due
from controller.domain.history import last_change
from controller.domain.lock import LANDING, Lock, LockAnswer, Place, ask, order_of, release, retake, unlocked, without
from controller.domain.phases import UNTOUCHED, Phase
from controller.domain.printable import said
from controller.domain.strategy import ALL
from controller.domain.timeline import EventKind
from controller.errors import LedgerConflictError, NotFoundError, SelfrightError, TransientError
from controller.flow.shared.lease import renewed
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import record
from controller.ports.ledger import ANYTHING, Expected, Move
from controller.ports.world import World

TRIES = 30
Result = TypeVar("Result")


@dataclass(frozen=True)
class HandOver(Generic[Result]):
    """A decision: the lock and the deployments' changes to write (None: nothing is to be written), and its result."""

    result: Result
    lock: Lock | None = None
    moves: Sequence[Move] = ()
    remembered: tuple[Deployment, Phase] | None = None


def hand_over(world: World, environment_key: str, decide: Callable[[Lock], HandOver[Result]]) -> Result:
    """Decide on the present lock, and write the decision; decide again when anything has changed in between.

    Raises `TransientError` after 30 lost races, and what `decide` raises.
    """
    for _ in range(TRIES):
        decided = decide(world.locks.load(environment_key))
        if decided.lock is None:
            return decided.result
        try:
            world.locks.save(decided.lock, decided.moves, decided.remembered)
        except LedgerConflictError:
            continue
        return decided.result
    msg = f"The lock of {environment_key} changes too often to be saved. It can be tried again."
    raise TransientError(msg, code="LockChanges")


def ask_for_lock(world: World, deployment_id: str, task_token: str) -> LockAnswer:
    """Queue a deployment and ask for the lock; a release that this supersedes, or a refused one, ends with it.

    Asking again is harmless. Raises `LedgerConflictError` when the deployment does not wait (any more).
    """

    def decide(lock: Lock) -> HandOver[LockAnswer]:
        deployment = world.deployments.get(deployment_id)
        if deployment.phase not in UNTOUCHED:
            msg = f"Deployment {deployment_id} is {deployment.phase}: it does not wait for the lock."
            raise LedgerConflictError(msg)
        place = Place(deployment_id, order_of(deployment.upload.uploaded_at, deployment.version))
        asked = ask(_without_the_dead(world, lock), place)
        queued: Changes = {"phase": Phase.QUEUED}
        if task_token:
            queued["queue_tokens"] = (task_token,)
        if asked.outcome == "granted" and not deployment.fencing_token:
            queued |= _grant(world, asked.lock)
        if refusal := _refusal(asked):
            queued |= ending(world, *refusal)
        moves = [Move(deployment_id, queued, UNTOUCHED)]
        if asked.displaced:
            later = f"Version {deployment.version} was uploaded later."
            ended = ending(world, Phase.SUPERSEDED, later)
            moves.append(Move(asked.displaced.deployment_id, ended, UNTOUCHED))
        return HandOver(asked, asked.lock, moves)

    return hand_over(world, world.deployments.get(deployment_id).environment_key, decide)


def _refusal(asked: LockAnswer) -> tuple[Phase, str, str] | None:
    match asked.outcome:
        case "superseded":
            return Phase.SUPERSEDED, "A newer release was uploaded before this one got the lock.", ""
        case "held":
            return Phase.REJECTED, *_held(asked.lock)
    return None


def _held(lock: Lock) -> tuple[str, str]:
    """Why nothing may start in a held environment, and what to do."""
    return f"The environment is held: {lock.held}", held_advice(lock.environment_key, lock.held, lock.held_by)


def end(  # noqa: PLR0913 - how it ended, said in full
    world: World,
    deployment: Deployment,
    phase: Phase,
    reason: str,
    next_step: str = "",
    *,
    phases: Collection[Phase],
    expected: Expected = ANYTHING,
    grace: timedelta | None = None,
) -> Sequence[str]:
    """End a deployment in this phase, release its lock, and grant it to the one that waits.

    Returns the ids of all deployments that this has moved. Raises `LedgerConflictError` when the deployment is not in
    `phases`, or not as `expected`.
    """
    deployment_id = deployment.deployment_id

    def decide(lock: Lock) -> HandOver[Sequence[str]]:
        present = world.deployments.get(deployment_id)
        if not holds(present, phases, expected):
            msg = f"Deployment {deployment_id} is {present.phase}: it does not end as {phase} (any more)."
            raise LedgerConflictError(msg)
        live = {Phase.SUCCEEDED: deployment_id, Phase.ROLLED_BACK: present.previous}.get(phase)
        hold = f"The rollback of {deployment_id} failed." if phase is Phase.ROLLBACK_FAILED else ""
        living = replace(
            _without_the_dead(world, lock, but=deployment_id),
            settles_at=_settles_at(world, present, lock),
            tasks_until=(present.task_run and present.task_run.runs_until) or lock.tasks_until,
        )
        after, waiting = release(living, deployment_id, live=live, hold=hold)
        moves = [Move(deployment_id, ending(world, phase, reason, next_step, grace), phases, expected)]
        if waiting and after.held:
            refused = ending(world, Phase.REJECTED, *_held(after))
            moves.append(Move(waiting.deployment_id, refused, UNTOUCHED))
        elif waiting:
            moves.append(Move(waiting.deployment_id, _grant(world, after), {Phase.QUEUED}))
        moved = [move.deployment_id for move in moves]
        if before := one_before(world, present) if phase is Phase.ROLLED_BACK and present.reached else None:
            moves.append(Move(before.deployment_id, _live_again(before, world.clock.now()), {Phase.SUCCEEDED}))
        remembered = (present, phase) if _is_remembered(present, phase) else None
        return HandOver(moved, after, moves, remembered)

    if deployment.phase is Phase.RECEIVED:  # It has never asked for the lock, and asking would have changed its phase.
        with suppress(LedgerConflictError):
            changes = ending(world, phase, reason, next_step, grace)
            world.deployments.update(deployment_id, changes, phases=set(phases) & {Phase.RECEIVED}, expected=expected)
            return [deployment_id]
    return hand_over(world, deployment.environment_key, decide)


def reopen(world: World, deployment: Deployment, execution_arn: str, trip: Trip) -> Deployment | None:
    """Take the lock for the rollback of a deployment that has ended; None when it may not be rolled back (any more).

    It may be if its release is live, or if its own failed rollback holds the environment and nobody has accepted that.
    """
    deployment_id = deployment.deployment_id

    def decide(lock: Lock) -> HandOver[bool]:
        present = world.deployments.get(deployment_id)
        known = _without_the_dead(world, lock)
        failed = present.phase is Phase.ROLLBACK_FAILED
        if not failed and brought(world, lock.live) == deployment_id:
            known = replace(known, live=deployment_id)
        taken = retake(known, deployment_id, failed=failed)
        if present.phase is not deployment.phase or taken is None:
            return HandOver(result=False)
        changes: Changes = {
            "phase": Phase.ROLLING_BACK,
            "rollback_execution_arn": execution_arn,
            "rollback_attempts": present.rollback_attempts + 1,
            "trip": present.trip or trip,
            "awaited": {},
            "troubles": {},
            "restored": {},
            "unstaged": {},
            "unstage_rounds": 0,
            "cleared": ("waits_since", "discards_since", "written", "grace_until"),
            "reached": ALL if present.phase is Phase.SUCCEEDED else present.reached,  # All visitors got it.
        }
        return HandOver(True, taken, [Move(deployment_id, changes, {deployment.phase})])

    if hand_over(world, deployment.environment_key, decide):
        return world.deployments.get(deployment_id)
    present = world.deployments.get(deployment_id)
    ours = (present.phase, present.rollback_execution_arn) == (Phase.ROLLING_BACK, execution_arn)
    return present if ours else None


def accept(world: World, deployment: Deployment) -> bool:
    """Unlock an environment that is held because of this deployment; False when it is not.

    After a failed rollback, what visitors get is of this release in part: so it counts as live, and none before it.
    """
    live = deployment.deployment_id if deployment.phase is Phase.ROLLBACK_FAILED else None

    def decide(lock: Lock) -> HandOver[bool]:
        if lock.held_by != deployment.deployment_id or lock.holder:
            return HandOver(result=False)
        return HandOver(True, unlocked(lock, live=live))

    return hand_over(world, deployment.environment_key, decide)


def keep_quiet(world: World, environment_key: str, until: datetime) -> str | None:
    """Let whoever gets the lock next wait until then, because of writes that are not conditional.

    Returns the deployment that is live ("" for none); None when somebody holds the lock.
    """

    def decide(lock: Lock) -> HandOver[str | None]:
        known = _without_the_dead(world, lock)
        if known.holder:
            return HandOver(None)
        return HandOver(known.live, replace(known, settles_at=max(until, known.settles_at or until)))

    return hand_over(world, environment_key, decide)


def is_abandoned(world: World, environment_key: str) -> bool:
    """Whether nobody holds the lock who will release it."""
    lock = world.locks.load(environment_key)
    return not _without_the_dead(world, lock).holder


def tell_granted(world: World, deployment: Deployment) -> None:
    """Answer the waiting tasks of a deployment that was granted the lock; harmless when it has gone on."""
    for token in deployment.queue_tokens:
        world.workflows.succeed(token, DeploymentResult(deployment, "granted").document())


def follow_up(world: World, moved: Sequence[str], finish: Callable[[World, Deployment], None]) -> None:
    """Do what is due for deployments that a hand-over moved: wake the one that was granted, `finish` those that ended.

    Nothing waits for that: whatever fails here is done by the reconciler.
    """
    for deployment_id in moved:
        with suppress(SelfrightError):
            deployment = world.deployments.get(deployment_id)
            if deployment.phase.is_terminal:
                finish(world, deployment)
            elif deployment.phase is Phase.QUEUED and deployment.fencing_token:
                granted = f"This release holds the lock of {deployment.environment_key}."
                record(world, deployment_id, EventKind.GRANTED, granted)
                tell_granted(world, deployment)


def ending(world: World, phase: Phase, reason: str, next_step: str = "", grace: timedelta | None = None) -> Changes:
    """The changes that end a deployment: its last phase, and a notification that somebody will send.

    `grace` is how long something of it is kept after that.
    """
    now = world.clock.now()
    kept: Changes = {} if grace is None else {"grace_until": now + grace}
    return {
        **kept,
        "phase": phase,
        "reason": said(reason),
        "next_step": said(next_step),
        "closed_at": now,
        "unsent_now": due(now, phase, reason, next_step),
    }


def holds(deployment: Deployment, phases: Collection[Phase], expected: Expected) -> bool:
    """Whether a write with these conditions can succeed on a deployment that was just read."""
    rolled_back_by, in_time = expected.rollback_execution_arn, expected.weight_at_most
    return (
        deployment.phase in phases
        and not (expected.untripped and deployment.trip)
        and rolled_back_by in {None, deployment.rollback_execution_arn}
        and expected.fencing_token in {None, deployment.fencing_token}
        and (in_time is None or deployment.weight <= in_time)
    )


def _grant(world: World, lock: Lock) -> Changes:
    granted: Changes = {"fencing_token": lock.token, "previous": lock.live, **renewed(world)}
    if lock.settles_at:
        granted["settles_at"] = lock.settles_at
    if lock.tasks_until:
        granted["tasks_until"] = lock.tasks_until
    return granted


def _settles_at(world: World, ending_now: Deployment, lock: Lock) -> datetime | None:
    """Until when unconditional writes of a deployment that ends now may arrive.

    Forward, the last one was permitted when the last step began; back, it may have been permitted just now.
    """
    if ending_now.pointed_at is None:
        return lock.settles_at
    goes_back = ending_now.phase is Phase.ROLLING_BACK
    return (world.clock.now() if goes_back else ending_now.pointed_at) + LANDING


def _is_remembered(deployment: Deployment, phase: Phase) -> bool:
    if phase is Phase.SUCCEEDED:
        return True
    return phase in {Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED} and deployment.is_condemned


def _without_the_dead(world: World, lock: Lock, but: str = "") -> Lock:
    """The lock without a holder or a waiting deployment that has ended or does not exist.

    Hand-overs leave no such lock behind; a ledger that was restored from a backup can have one.
    """
    waiting = lock.waiting.deployment_id if lock.waiting else ""
    for known in sorted({lock.holder, waiting} - {"", but}):
        found = find(world, known)
        if found is None or found.phase.is_terminal:
            lock = without(lock, known)
    return lock


def brought(world: World, live: str) -> str:
    """The id of the release that brought what visitors get when this one is live; "" for none."""
    release = find(world, live)
    return last_change(partial(find, world), release).deployment_id if release else live


def one_before(world: World, deployment: Deployment) -> Deployment | None:
    """The release that brought what visitors get without this deployment, if it is still guarded, or accused."""
    before = find(world, brought(world, deployment.previous))
    if before is None or before.phase is not Phase.SUCCEEDED:
        return None
    return before if before.grace_until is not None or before.late_alarm else None


def _live_again(before: Deployment, now: datetime) -> Changes:
    """From now on alarms are about that release again; if one has accused it, the reconciler looks after it again."""
    changes: Changes = {"overtaken": before.led_back(now)}
    if before.late_alarm and before.grace_until is None:
        changes["grace_until"] = now
    return changes


def find(world: World, deployment_id: str) -> Deployment | None:
    """The deployment; None for no id, and where a ledger from a backup lacks it."""
    try:
        return world.deployments.get(deployment_id) if deployment_id else None
    except NotFoundError:
        return None
