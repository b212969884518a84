"""A decision about a lock is made on what is saved, however often somebody saves in between."""

from dataclasses import replace

import pytest

from controller.errors import LedgerConflictError
from controller.locking import change_lock
from tests.unit.flow.scenes import KEY, a_world


def test_a_ledger_that_never_stands_still_is_reported() -> None:
    """After many lost races something else is wrong."""
    world = a_world()

    def race(_lock: object) -> None:
        lock = world.locks.load(KEY)
        world.locks.known[KEY] = replace(lock, revision=lock.revision + 1)

    world.locks.before_save = race
    with pytest.raises(LedgerConflictError, match="too often"):
        change_lock(world.locks, KEY, lambda lock: (replace(lock, holder="d9"), None))
