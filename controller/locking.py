"""Changing the lock of an environment: load it, decide by the pure rules, save it if it is unchanged."""

from collections.abc import Callable
from typing import TypeVar

from controller.domain.lock import Lock
from controller.errors import LedgerConflictError
from controller.ports.ledger import Locks

TRIES = 20
Result = TypeVar("Result")


def change_lock(locks: Locks, environment_key: str, decide: Callable[[Lock], tuple[Lock, Result]]) -> Result:
    """Apply a decision to the lock; decide again whenever another change was saved in between.

    Raises `LedgerConflictError` after 20 lost races: then something is wrong with the ledger.
    """
    for _ in range(TRIES):
        lock = locks.load(environment_key)
        decided, result = decide(lock)
        if decided == lock:
            return result
        try:
            locks.save(decided)
        except LedgerConflictError:
            continue
        return result
    msg = f"The lock of {environment_key} changes too often to be saved; try again."
    raise LedgerConflictError(msg)
