"""A decision about a lock is made on its saved state, however often that changes in between."""

from dataclasses import replace

import pytest

from controller.domain.lock import Lock
from controller.errors import LedgerConflictError
from controller.locking import TRIES, change_lock
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import KEY, a_world, once


def take(lock: Lock) -> tuple[Lock, str]:
    """Take a free lock; the result is its holder."""
    taken = lock if lock.holder else replace(lock, holder="d9")
    return taken, taken.holder


def save(world: FakeWorld, holder: str) -> None:
    """Let another one save the lock."""
    lock = world.locks.load(KEY)
    world.locks.known[KEY] = replace(lock, holder=holder, revision=lock.revision + 1)


def test_the_decision_is_saved_and_its_result_returned() -> None:
    """Without a race, one decision is enough."""
    world = a_world()
    assert change_lock(world.locks, KEY, take) == "d9"
    assert world.locks.load(KEY).holder == "d9"


def test_a_decision_that_changes_nothing_is_not_saved() -> None:
    """The lock keeps its revision."""
    world = a_world()
    save(world, "d1")
    before = world.locks.load(KEY)
    assert change_lock(world.locks, KEY, take) == "d1"
    assert world.locks.load(KEY) == before


def test_a_lost_race_is_decided_again() -> None:
    """The second decision sees what the other one saved."""
    world = a_world()
    world.locks.before_save = once(lambda: save(world, "d1"))
    assert change_lock(world.locks, KEY, take) == "d1"
    assert world.locks.load(KEY).holder == "d1"


def test_a_lock_that_never_stands_still_is_reported() -> None:
    """After twenty lost races something else is wrong."""
    world = a_world()
    races = 0

    def race(*_: object) -> None:
        nonlocal races
        races += 1
        save(world, "")

    world.locks.before_save = race
    with pytest.raises(LedgerConflictError, match="too often"):
        change_lock(world.locks, KEY, take)
    assert races == TRIES
