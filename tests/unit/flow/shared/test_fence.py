"""The fence: the first trip stays, and who may move traffic forward or back is decided by phase and trip."""

import pytest

from controller.domain.phases import MOVING, TERMINAL, TOUCHED, Phase
from controller.errors import LedgerConflictError, TrippedError
from controller.flow.shared.fence import goes_back, permit, permit_back, trip
from tests.unit.flow.scenes import guarded, messages, tripped


@pytest.mark.parametrize("phase", sorted(Phase))
def test_forward_goes_only_what_holds_the_lock_and_is_on_its_way(phase: Phase) -> None:
    """A phase says whether the lock is held: what waits, goes back or has ended moves nothing forward."""
    world = guarded(phase)
    if phase in TOUCHED:
        assert permit(world, "d2").phase is phase
    else:
        with pytest.raises(LedgerConflictError, match=f"is {phase} and may not go forward"):
            permit(world, "d2")


@pytest.mark.parametrize("phase", sorted(TOUCHED))
def test_nothing_goes_forward_after_the_trip(phase: Phase) -> None:
    """It can only be undone, and the error says why."""
    world = guarded(phase, trip=tripped())
    with pytest.raises(TrippedError, match="It broke"):
        permit(world, "d2")


@pytest.mark.parametrize("is_tripped", [True, False])
@pytest.mark.parametrize("phase", sorted(Phase))
def test_back_goes_what_rolls_back_or_is_on_its_way_and_tripped(phase: Phase, *, is_tripped: bool) -> None:
    """What has ended is another deployment's now; what is fine is not undone."""
    world = guarded(phase, trip=tripped() if is_tripped else None)
    allowed = phase is Phase.ROLLING_BACK or (is_tripped and phase in TOUCHED)
    assert goes_back(world.deployments.get("d2")) is allowed
    if allowed:
        assert permit_back(world, "d2").phase is phase
    else:
        with pytest.raises(LedgerConflictError, match="nothing is restored for it"):
            permit_back(world, "d2")


def test_the_first_trip_stays() -> None:
    """The first trip is the reason; later ones are consequences."""
    world = guarded(Phase.BAKING)
    trip(world, "d2", "alarm", "First.")
    after = trip(world, "d2", "judge", "Second.")
    assert after.trip is not None
    assert after.trip.reason == "First."
    assert messages(world, "tripped") == ["First."]


@pytest.mark.parametrize("phase", sorted(TERMINAL | {Phase.ROLLING_BACK}))
def test_what_has_ended_or_goes_back_is_not_tripped(phase: Phase) -> None:
    """Its reason is known already, and its end is final."""
    assert phase not in MOVING
    world = guarded(phase)
    before = world.deployments.get("d2")
    assert trip(world, "d2", "alarm", "Late.") == before
    assert world.deployments.kinds("d2") == []
