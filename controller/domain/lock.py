"""The lock of an environment: one deployment holds it, the newest one waits, older ones are superseded.

Pure functions from one state of the lock to the next. The ledger saves the result only if the lock has not changed in
between, so no decision here needs to consider concurrent ones. The fencing token rises with every grant.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal


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
    (after a failed rollback). `revision` counts the saves.
    """

    environment_key: str
    holder: str = ""
    token: int = 0
    waiting: Place | None = None
    newest: str = ""
    live: str = ""
    held: str = ""
    revision: int = 0


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
    if lock.waiting and lock.waiting.deployment_id == place.deployment_id:
        return LockAnswer(lock, "waiting")
    if place.order < lock.newest:
        return LockAnswer(lock, "superseded")
    newest = replace(lock, newest=place.order)
    if not lock.holder:
        return LockAnswer(_granted(newest, place.deployment_id), "granted")
    return LockAnswer(replace(newest, waiting=place), "waiting", displaced=lock.waiting)


def release(lock: Lock, deployment_id: str, *, hold: str = "") -> tuple[Lock, Place | None]:
    """Release a deployment's lock, or end its waiting; returns the deployment that was waiting, if it is affected.

    Without `hold` that deployment is the new holder; with `hold` it must be refused, because the environment is held.
    """
    if lock.waiting and lock.waiting.deployment_id == deployment_id:
        return replace(lock, waiting=None), None
    if lock.holder != deployment_id:
        return lock, None
    after = replace(lock, holder="", waiting=None, held=hold)
    if hold or not lock.waiting:
        return after, lock.waiting
    return _granted(after, lock.waiting.deployment_id), lock.waiting


def retake(lock: Lock, deployment_id: str) -> Lock | None:
    """Take the lock to roll back a finished deployment, even in a held environment; None when another one holds it."""
    if lock.holder == deployment_id:
        return lock
    return None if lock.holder else _granted(lock, deployment_id)


def _granted(lock: Lock, deployment_id: str) -> Lock:
    return replace(lock, holder=deployment_id, token=lock.token + 1, waiting=None)
