"""The lock of an environment: one deployment holds it, the newest one waits, older ones are superseded.

Pure functions from one state of the lock to the next. The ledger saves the result only if the lock has not changed in
between, and together with the deployments that the change moves, so no decision here needs to consider concurrent
ones. The fencing token rises with every grant. `docs/protocol.md` says why that suffices.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

LANDING = timedelta(seconds=30)
"""An unconditional write (SSM has no other) is sent once, right after its permit, and given up after 10 seconds."""
LONGEST_WRITE = timedelta(seconds=150)
"""A shift's function lives for 110 seconds at most, and its last request is given up after 10."""


@dataclass(frozen=True)
class Place:
    """A deployment's place in the queue; `order` sorts places by upload time, then version."""

    deployment_id: str
    order: str


@dataclass(frozen=True)
class Lock:
    """The lock of one environment.

    `holder` is the deployment that may change the environment ("" when the lock is free), `newest` the highest order
    that ever asked, `live` the deployment whose release is live, `held` the reason for which no deployment may start
    (after a failed rollback), and `held_by` the deployment that it is about. `revision` counts the saves. Before
    `settles_at`, unconditional writes of the last holder may still arrive, and before `tasks_until` a task of its
    release may still be running.
    """

    environment_key: str
    holder: str = ""
    token: int = 0
    waiting: Place | None = None
    newest: str = ""
    live: str = ""
    held: str = ""
    revision: int = 0
    held_by: str = ""
    settles_at: datetime | None = None
    tasks_until: datetime | None = None


Outcome = Literal["granted", "waiting", "superseded", "held"]


@dataclass(frozen=True)
class LockAnswer:
    """The result of asking for a lock; `displaced` is the older deployment that no longer waits."""

    lock: Lock
    outcome: Outcome
    displaced: Place | None = None


def order_of(uploaded_at: datetime, version: str) -> str:
    """The sort key of an upload: its time, then its version, because S3's times have whole seconds.

    Two uploads of the same version in the same second have the same key: the one that asks later counts as newer.
    """
    natural = re.sub(r"\d+", lambda digits: digits[0].zfill(12), version)
    return f"{uploaded_at.isoformat(timespec='seconds')}#{natural}"


def ask(lock: Lock, place: Place) -> LockAnswer:
    """Ask for the lock. Asking again changes nothing."""
    if lock.holder == place.deployment_id:
        return LockAnswer(lock, "granted")
    if lock.held:
        return LockAnswer(lock, "held")
    if lock.holder and lock.waiting and lock.waiting.deployment_id == place.deployment_id:
        return LockAnswer(lock, "waiting")
    if place.order < lock.newest:
        return LockAnswer(lock, "superseded")
    newest = replace(lock, newest=place.order)
    if not lock.holder:
        return LockAnswer(_granted(newest, place.deployment_id), "granted")
    return LockAnswer(replace(newest, waiting=place), "waiting", displaced=lock.waiting)


def release(lock: Lock, deployment_id: str, *, live: str | None = None, hold: str = "") -> tuple[Lock, Place | None]:
    """Release a deployment's lock, or end its waiting; returns the deployment that was waiting, if it is affected.

    Without `hold` that deployment is the new holder; with `hold` it must be refused, because the environment is held.
    `live` is the deployment whose release is live from now on (None: as before).
    """
    if lock.waiting and lock.waiting.deployment_id == deployment_id:
        return replace(lock, waiting=None), None
    if lock.holder != deployment_id:
        return lock, None
    after = replace(lock, holder="", waiting=None, live=lock.live if live is None else live)
    if hold:
        return replace(after, held=hold, held_by=deployment_id), lock.waiting
    freed = after if live is None else replace(after, held="", held_by="")
    if freed.held or not lock.waiting:
        return freed, lock.waiting
    return _granted(freed, lock.waiting.deployment_id), lock.waiting


def without(lock: Lock, deployment_id: str) -> Lock:
    """The lock as if this deployment, which has ended or never was, neither held it nor waited for it."""
    holder = "" if lock.holder == deployment_id else lock.holder
    waiting = None if lock.waiting and lock.waiting.deployment_id == deployment_id else lock.waiting
    return replace(lock, holder=holder, waiting=waiting)


def unlocked(lock: Lock, *, live: str | None = None) -> Lock:
    """The lock of an environment that is no longer held; `live` as in `release`."""
    return replace(lock, held="", held_by="", live=lock.live if live is None else live)


def retake(lock: Lock, deployment_id: str, *, failed: bool = False) -> Lock | None:
    """Take the free lock to roll back a deployment that has ended; None when it may not be rolled back (any more).

    It may be if its release is live and nothing holds the environment, or if its own `failed` rollback holds it.
    Undoing any other release would combine components of different releases.
    """
    allowed = lock.held_by == deployment_id if failed else lock.live == deployment_id and not lock.held
    return _granted(lock, deployment_id) if allowed and not lock.holder else None


def _granted(lock: Lock, deployment_id: str) -> Lock:
    waiting = None if lock.waiting and lock.waiting.deployment_id == deployment_id else lock.waiting
    return replace(lock, holder=deployment_id, token=lock.token + 1, waiting=waiting)
