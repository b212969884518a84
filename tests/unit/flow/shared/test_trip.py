"""The trip: the first one stays, and nothing goes forward without the lock."""

from dataclasses import replace

import pytest

from controller.domain.phases import Phase
from controller.errors import LedgerConflictError
from controller.flow.shared.trip import permit, trip
from tests.unit.flow.scenes import KEY, guarded


def test_without_the_lock_nothing_is_shifted() -> None:
    """Another deployment holds the lock in the meantime."""
    world = guarded()
    world.locks.known[KEY] = replace(world.locks.load(KEY), holder="d3", token=5)
    with pytest.raises(LedgerConflictError, match="does not hold the lock"):
        permit(world, "d2")


def test_the_first_trip_stays() -> None:
    """The first trip is the reason; later ones are consequences."""
    world = guarded(Phase.BAKING)
    trip(world, "d2", "alarm", "First.")
    after = trip(world, "d2", "judge", "Second.")
    assert after.trip is not None
    assert after.trip.reason == "First."
