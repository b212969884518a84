"""Shift traffic and put it back: between the two somebody always loses, and it is never the visitor."""

from dataclasses import replace
from typing import Any

import pytest

from controller.domain.deployment import Revision
from controller.domain.phases import TERMINAL, Phase
from controller.errors import AwsError, ChangedByOthersError, LedgerConflictError, TransientError, TrippedError
from controller.flow.complete import complete
from controller.flow.on_alarm import on_alarm
from controller.flow.rollback.traffic import restore_traffic
from controller.flow.shared.trip import permit, trip
from controller.flow.shift import shift
from controller.ports.world import World
from tests.fake_components import FakeComponent
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import (
    ALARM,
    KEY,
    RESTORED,
    STABLE,
    a_deployment,
    a_world,
    at_weight,
    dying_everywhere,
    live,
    on_its_way,
    once,
    tripped,
)


def going(phase: Phase = Phase.STAGING, **fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A deployment that is guarded, with its traffic where its weight says."""
    world = a_world()
    deployment = on_its_way(world, phase, **fields)
    world.guards.open("d2", [ALARM])
    at_weight(world, deployment.weight)
    return world


def test_all_changed_components_get_the_same_weight() -> None:
    """API and site go together."""
    world = going()
    card = shift(world, "d2", 0)
    assert (card.outcome, card.weight) == ("shifted", 10)
    assert live(world) == {"api": ("6", 10), "site": ("aa", 10)}
    assert (world.deployments.get("d2").phase, world.deployments.get("d2").weight) == (Phase.SHIFTING, 10)


def test_waves_are_shifted_in_their_order() -> None:
    """What comes after another component gets its visitors after it, in the same step."""
    world = going(waves=(("site",), ("api",)))
    moved: list[str] = []
    for name, component in world.components.known.items():
        component.before_write = lambda name=name: moved.append(name)  # type: ignore[misc]
    shift(world, "d2", 0)
    assert moved == ["site", "api"]
    assert live(world) == {"api": ("6", 10), "site": ("aa", 10)}


def test_the_last_step_promotes() -> None:
    """At a hundred the canary is what everybody gets."""
    world = going(Phase.BAKING, weight=10)
    shift(world, "d2", 1)
    assert live(world) == {"api": ("7", 0), "site": ("bb", 0)}


def test_what_did_not_change_is_not_moved() -> None:
    """An unchanged component keeps its traffic."""
    world = going(staged=STABLE)
    shift(world, "d2", 0)
    assert live(world) == RESTORED


def test_shifting_twice_is_the_same() -> None:
    """A state that is tried again ends where the first try did."""
    world = going()
    shift(world, "d2", 0)
    shift(world, "d2", 0)
    assert live(world) == {"api": ("6", 10), "site": ("aa", 10)}


def test_a_tripped_deployment_does_not_go_on() -> None:
    """From the trip on it only goes back."""
    world = going(trip=tripped())
    with pytest.raises(TrippedError):
        shift(world, "d2", 0)
    assert live(world) == RESTORED


def test_a_person_who_changed_a_component_stops_the_deployment() -> None:
    """Their change is never overwritten."""
    world = going()
    world.components.known["site"].edit("cc")
    with pytest.raises(ChangedByOthersError):
        shift(world, "d2", 0)
    assert live(world)["site"] == ("cc", 0)


def test_a_step_that_comes_late_moves_nothing_back() -> None:
    """A second call for 10 % must not take visitors from a release that is at 100 %."""
    world = going(Phase.BAKING, weight=100)
    with pytest.raises(LedgerConflictError, match="too late"):
        shift(world, "d2", 0)
    assert live(world) == {"api": ("7", 0), "site": ("bb", 0)}


def test_a_step_that_is_overtaken_moves_nothing_back() -> None:
    """The same, when the other call overtakes it between its read and its write."""
    world = going(Phase.BAKING, weight=10)
    at_weight(world, 0)
    api = world.components.known["api"]
    api.before_write = once(lambda: shift(world, "d2", 1))
    with pytest.raises(LedgerConflictError, match="too late"):
        shift(world, "d2", 0)
    assert live(world)["api"] == ("7", 0)


@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_what_has_ended_is_not_shifted(phase: Phase) -> None:
    """However late the call comes."""
    world = going(phase)
    with pytest.raises(LedgerConflictError):
        shift(world, "d2", 0)
    assert live(world) == RESTORED


def test_without_the_lock_nothing_is_shifted() -> None:
    """Another deployment holds the lock by now."""
    world = going()
    world.locks.known[KEY] = replace(world.locks.load(KEY), holder="d3", token=5)
    with pytest.raises(LedgerConflictError, match="does not hold the lock"):
        permit(world, "d2")


@pytest.mark.parametrize("moment", ["ledger", "api", "site"])
@pytest.mark.parametrize("weight", [0, 10])
def test_an_alarm_between_read_and_write_wins(moment: str, weight: int) -> None:
    """Wherever in a shift the alarm fires, in the end nobody is on the canary."""
    world = going(Phase.BAKING if weight else Phase.STAGING, weight=weight)
    fires = once(lambda: on_alarm(world, ALARM, "Too many errors."))
    if moment == "ledger":
        world.deployments.before_update = fires
    else:
        world.components.known[moment].before_write = fires
    with pytest.raises((TrippedError, LedgerConflictError)):
        shift(world, "d2", 1 if weight else 0)
    assert live(world) == RESTORED


def test_a_shift_that_is_overtaken_by_success_undoes_nothing() -> None:
    """A second call that is late must not pull back a release that has succeeded in between."""
    world = going(Phase.BAKING, weight=10)
    world.components.known["site"].before_write = once(lambda: (shift(world, "d2", 1), complete(world, "d2")))
    with pytest.raises(LedgerConflictError):
        shift(world, "d2", 1)
    assert live(world) == {"api": ("7", 0), "site": ("bb", 0)}
    assert world.deployments.get("d2").phase is Phase.SUCCEEDED


def test_an_alarm_puts_everything_back_and_tells_the_workflow() -> None:
    """The trip is in the ledger, the traffic back, the guard's task failed."""
    world = going(Phase.BAKING, weight=10, guard_token="guard")
    assert on_alarm(world, ALARM, "Too many errors.") == ["d2"]
    deployment = world.deployments.get("d2")
    assert deployment.trip is not None
    assert deployment.trip.source == "alarm"
    assert (deployment.weight, deployment.traffic_restored_at) == (0, world.clock.now())
    assert live(world) == RESTORED
    assert "Too many errors" in str(world.workflows.answers["guard"])


def test_an_alarm_that_comes_twice_changes_nothing_more() -> None:
    """EventBridge and SNS may both deliver it."""
    world = going(Phase.BAKING, weight=10, guard_token="guard")
    on_alarm(world, ALARM, "First.")
    first = world.deployments.get("d2")
    world.clock.forward(5)
    on_alarm(world, ALARM, "Second.")
    assert world.deployments.get("d2") == first
    assert sorted(world.deployments.kinds("d2")) == ["traffic_restored", "tripped"]


def test_an_alarm_puts_back_every_deployment_that_it_guards() -> None:
    """Two environments may share an alarm; trouble with one does not keep the other waiting."""
    world = going(Phase.BAKING, weight=10)
    world.deployments.known["d0"] = replace(world.deployments.get("d2"), deployment_id="d0", application="gone")
    world.guards.open("d0", [ALARM])
    world.guards.open("a-ghost", [ALARM])
    with pytest.raises(Exception, match="no deployment a-ghost"):
        on_alarm(world, ALARM, "Too many errors.")
    assert world.deployments.get("d0").trip is not None
    assert live(world) == RESTORED


def test_an_alarm_does_not_touch_what_has_ended() -> None:
    """A guard may be left over when the environment's alarms were changed meanwhile."""
    world = going(Phase.SUCCEEDED, weight=100)
    on_alarm(world, ALARM, "Too many errors.")
    assert live(world) == {"api": ("7", 0), "site": ("bb", 0)}
    assert world.deployments.get("d2").trip is None


def test_an_alarm_that_guards_nobody_does_nothing() -> None:
    """Alarms fire between releases too."""
    assert on_alarm(a_world(), ALARM, "Too many errors.") == []


def test_one_component_that_fails_does_not_keep_the_others() -> None:
    """What can be put back is put back; what cannot is told, and the time is not noted."""
    world = going(Phase.BAKING, weight=10, trip=tripped())
    world.components.known["api"].broken = AwsError("denied")
    assert restore_traffic(world, world.deployments.get("d2")) == {"api": "denied"}
    assert live(world)["site"] == ("aa", 0)
    assert world.deployments.get("d2").traffic_restored_at is None
    assert world.deployments.kinds("d2") == ["restore_failed"]


def of_many(count: int) -> FakeWorld:
    """A canary of so many functions."""
    names = [f"f{number}" for number in range(count)]
    components = {name: {"kind": "function", "function_name": name} for name in names}
    world = a_world(components=components, deployment_preference={"alarms": [ALARM]})
    world.components.known = {name: FakeComponent("6", "7", 10) for name in names}
    revisions = {"restore_point": dict.fromkeys(names, Revision("6")), "staged": dict.fromkeys(names, Revision("7"))}
    on_its_way(world, Phase.BAKING, components=tuple(names), weight=10, **revisions)
    return world


@pytest.mark.parametrize(("count", "given_way"), [(5, []), (6, [12])])
def test_others_give_way_to_a_rollback_of_many(count: int, given_way: list[int]) -> None:
    """A few find room at any moment."""
    world = of_many(count)
    assert restore_traffic(world, world.deployments.get("d2")) == {}
    assert world.budget.given_way == given_way
    assert {place for place, _ in live(world).values()} == {"6"}


def test_a_budget_that_cannot_be_reached_keeps_nobody_from_going_back() -> None:
    """It is there for those who go forward."""
    world = of_many(6)
    world.budget.trouble = AwsError("no table")
    assert restore_traffic(world, world.deployments.get("d2")) == {}
    assert {place for place, _ in live(world).values()} == {"6"}


def test_nothing_staged_is_nothing_to_put_back() -> None:
    """A trip before staging moves no traffic."""
    world = going(Phase.QUEUED, restore_point=None, staged={})
    assert restore_traffic(world, world.deployments.get("d2")) == {}
    assert world.deployments.get("d2").traffic_restored_at is None


def test_the_first_trip_stays() -> None:
    """What began it is the reason; what follows is its consequence."""
    world = going(Phase.BAKING)
    trip(world, "d2", "alarm", "First.")
    after = trip(world, "d2", "judge", "Second.")
    assert after.trip is not None
    assert after.trip.reason == "First."


def test_wherever_an_alarm_dies_it_can_be_done_again() -> None:
    """Lambda tries again: in the end all is back and the workflow knows."""

    def make() -> FakeWorld:
        return going(Phase.BAKING, weight=10, guard_token="guard")

    def act(world: World) -> None:
        on_alarm(world, ALARM, "Too many errors.")

    for where, world in dying_everywhere(make, act):
        act(world)
        assert live(world) == RESTORED, where
        assert "guard" in world.workflows.answers, where
        assert world.deployments.get("d2").traffic_restored_at, where


def test_a_good_release_is_completed() -> None:
    """Old revisions go, what is live and the restore point stay."""
    world = going(Phase.BAKING, weight=100)
    assert complete(world, "d2").outcome == "succeeded"
    assert world.components.known["api"].pruned == [({"6", "7"}, 5)]
    assert world.notifications.sent == [("d2", Phase.SUCCEEDED)]
    assert world.versions.previous_attempt(KEY, "2.0.0") == ("dd", Phase.SUCCEEDED)


def test_completing_again_finds_it_done() -> None:
    """Nothing is pruned twice, nobody told twice."""
    world = going(Phase.BAKING, weight=100)
    complete(world, "d2")
    assert complete(world, "d2").outcome == "succeeded"
    assert len(world.components.known["api"].pruned) == len(world.notifications.sent) == 1


def test_a_trip_on_the_last_metres_wins() -> None:
    """An alarm between the pruning and the end still rolls back."""
    world = going(Phase.BAKING, weight=100)
    world.components.known["site"].prune = lambda keep, count: (trip(world, "d2", "alarm", "Late."), 0)[1]  # type: ignore[method-assign]
    with pytest.raises(TrippedError):
        complete(world, "d2")
    assert world.deployments.get("d2").phase is Phase.BAKING


def test_failing_to_prune_is_no_reason_to_roll_back() -> None:
    """The release is good; the old revisions only cost a little."""
    world = going(Phase.BAKING, weight=100)
    world.components.known["api"].broken = TransientError("throttled")
    assert complete(world, "d2").outcome == "succeeded"
    assert "prune_failed" in world.deployments.kinds("d2")


def test_an_unchanged_release_says_so() -> None:
    """Nothing was moved, and the reason is in the notification."""
    world = going(Phase.STAGING, staged=STABLE)
    assert "Nothing changed" in complete(world, "d2").deployment.reason


def test_what_is_rolled_back_does_not_succeed() -> None:
    """A completion that comes late changes nothing."""
    world = going(Phase.ROLLED_BACK, trip=tripped())
    with pytest.raises(TrippedError):
        complete(world, "d2")


def test_guarding_another_deployment_is_harmless() -> None:
    """Deployments do not share guards."""
    world = going(Phase.BAKING, weight=10)
    a_deployment(world, Phase.RECEIVED, "d9")
    on_alarm(world, ALARM, "x")
    assert world.deployments.get("d9").trip is None
