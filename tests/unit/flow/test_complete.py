"""Complete: the release is live, old revisions go, and a late trip still wins."""

from datetime import timedelta

import pytest

from controller.domain.phases import Phase
from controller.errors import LedgerConflictError, TransientError, TrippedError
from controller.flow.complete import complete
from controller.flow.reconcile import reconcile
from controller.flow.shared.fence import trip
from tests.unit.flow.scenes import (
    ALARM,
    KEY,
    STABLE,
    a_world,
    an_environment,
    at_weight,
    guarded,
    messages,
    moving,
    on_its_way,
    tripped,
)


def test_a_good_release_is_completed() -> None:
    """Old revisions go, what is live and the restore point stay."""
    world = guarded(Phase.BAKING, weight=100)
    assert complete(world, "d2").outcome == "succeeded"
    assert world.components.known["api"].pruned == [({"6", "7"}, 5)]
    assert "api: 1 old revision removed." in messages(world, "pruned")
    assert world.notifications.sent == [("d2", Phase.SUCCEEDED)]
    assert world.versions.previous_attempt(KEY, "2.0.0") == ("dd", Phase.SUCCEEDED)


def test_completing_again_finds_it_done() -> None:
    """Nothing is pruned twice, and one notification is sent."""
    world = guarded(Phase.BAKING, weight=100)
    complete(world, "d2")
    assert complete(world, "d2").outcome == "succeeded"
    assert len(world.components.known["api"].pruned) == len(world.notifications.sent) == 1


def test_a_trip_just_before_completion_wins() -> None:
    """An alarm between the pruning and the end still rolls back."""
    world = guarded(Phase.BAKING, weight=100)
    world.components.known["site"].prune = lambda keep, count: (trip(world, "d2", "alarm", "Late."), 0)[1]  # type: ignore[method-assign]
    with pytest.raises(TrippedError):
        complete(world, "d2")
    assert world.deployments.get("d2").phase is Phase.BAKING


def test_failing_to_prune_is_no_reason_to_roll_back() -> None:
    """The release is good; the old revisions only cost a little."""
    world = guarded(Phase.BAKING, weight=100)
    world.components.known["api"].broken = TransientError("throttled")
    assert complete(world, "d2").outcome == "succeeded"
    assert "prune_failed" in world.deployments.kinds("d2")


def test_an_unchanged_release_gives_that_as_its_reason() -> None:
    """Nothing was moved, and the reason is in the notification."""
    world = guarded(Phase.STAGING, staged=STABLE)
    assert "Nothing changed" in complete(world, "d2").deployment.reason


def test_what_is_rolled_back_does_not_succeed() -> None:
    """A completion that comes late changes nothing."""
    world = guarded(Phase.ROLLED_BACK, trip=tripped())
    with pytest.raises(TrippedError):
        complete(world, "d2")


def test_a_good_end_is_marked_once() -> None:
    """Closing again, because something failed, marks nothing again."""
    world = a_world()
    on_its_way(world, Phase.BAKING, weight=100)
    at_weight(world, 100)
    complete(world, "d2")
    complete(world, "d2")
    assert world.markers.made == [("d2", Phase.SUCCEEDED)]


def test_a_release_that_is_not_wholly_live_is_not_complete() -> None:
    """Whoever calls this too early changes nothing."""
    world = moving(Phase.BAKING, weight=10)
    with pytest.raises(LedgerConflictError, match="at 10 %"):
        complete(world, "d2")
    assert world.deployments.get("d2").phase is Phase.BAKING
    assert not world.components.known["api"].pruned


def test_a_good_release_stays_guarded_until_every_alarm_could_have_fired() -> None:
    """For the last minute of its last bake: the alarms' periods, and CloudWatch's own lateness. It holds nothing."""
    world = moving(Phase.BAKING, weight=100)
    world.guards.open("d2", [ALARM])
    assert complete(world, "d2").outcome == "succeeded"
    until = world.deployments.get("d2").grace_until
    assert until is not None
    assert until - world.clock.now() == timedelta(minutes=8)
    assert world.guards.guarded_by(ALARM) == ["d2"]
    assert not world.locks.load(KEY).holder
    world.clock.forward(8 * 60)
    assert reconcile(world)["d2"] == "finished"
    assert not world.guards.pairs


def test_a_release_without_alarms_is_not_guarded_after_its_end() -> None:
    """Nothing could come."""
    world = moving(Phase.BAKING, weight=100)
    world.environments.known[KEY] = an_environment(deployment_preference={"type": "AllAtOnce"})
    complete(world, "d2")
    assert world.deployments.get("d2").grace_until is None
