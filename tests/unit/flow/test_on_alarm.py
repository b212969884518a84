"""An alarm fires: what it guards is tripped, and its traffic is set back to stable."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from controller.domain.deployment import Hotfix, Overtaken, Trip
from controller.domain.phases import Phase
from controller.errors import TransientError
from controller.flow.on_alarm import on_alarm, rehearse
from controller.flow.reconcile import reconcile
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.handlers.on_alarm import handle
from controller.ports.world import World
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import (
    ALARM,
    KEY,
    RESTORED,
    a_deployment,
    a_silent_deployment,
    a_world,
    an_environment,
    at_the_first_step,
    at_weight,
    dying_everywhere,
    guarded,
    live,
    on_its_way,
    succeeded,
)


def test_an_alarm_restores_all_traffic_and_ends_the_bake() -> None:
    """The trip is in the ledger, traffic is set back to stable, the guard's task has failed."""
    world = guarded(Phase.BAKING, weight=10, guard_tokens=("guard",))
    assert on_alarm(world, ALARM, "Too many errors.") == ["d2"]
    deployment = world.deployments.get("d2")
    assert deployment.trip is not None
    assert deployment.trip.source == "alarm"
    assert (deployment.weight, deployment.traffic_restored_at) == (0, world.clock.now())
    assert live(world) == RESTORED
    assert "Too many errors" in str(world.workflows.answers["guard"])


MINUTE = timedelta(minutes=1)


def first_release(phase: Phase, **fields: Any) -> FakeWorld:  # noqa: ANN401 - any field of the deployment
    """The first release of an environment, under way."""
    return guarded(phase, **{"previous": "", "created_at": START - 5 * MINUTE, **fields})


@pytest.mark.parametrize("since", [START - 3 * MINUTE, None])
def test_before_the_first_release_has_visitors_no_alarm_is_about_it(since: datetime | None) -> None:
    """A placeholder fails, or nothing answers: that is what the release is to end."""
    world = first_release(Phase.STAGING, reached=0)
    on_alarm(world, ALARM, "Too many errors.", START, since and since + MINUTE, since)
    deployment = world.deployments.get("d2")
    assert (deployment.phase, deployment.trip) == (Phase.STAGING, None)
    [said] = [event.message for event in world.deployments.events["d2"]]
    assert said.startswith("It measures what was there before the first release, and says nothing about it.")


def test_a_minute_of_which_the_placeholder_had_a_part_is_not_the_first_releases() -> None:
    """The alarm comes minutes later, and the newest minute had begun when visitors got the release."""
    world = first_release(Phase.BAKING, weight=100, reached_at=START)
    on_alarm(world, ALARM, "Too many errors.", START + 2 * MINUTE, START + 0.5 * MINUTE, START - 0.5 * MINUTE)
    assert world.deployments.get("d2").trip is None


@pytest.mark.parametrize("since", [START, START + 7 * MINUTE])
def test_what_visitors_of_the_first_release_suffer_is_its_own(since: datetime) -> None:
    """It is tripped as every release is."""
    world = first_release(Phase.BAKING, weight=100, reached_at=START)
    on_alarm(world, ALARM, "Too many errors.", since + 2 * MINUTE, since + MINUTE, since)
    trip = world.deployments.get("d2").trip
    assert trip is not None
    assert trip.source == "alarm"


def test_a_stack_may_be_to_blame_before_the_first_release_has_visitors() -> None:
    """It is changed where it is, when it is staged."""
    world = first_release(Phase.STAGING, reached=0, components=("api", "infra"))
    infra = {"kind": "stack", "stack_name": "s", "role_arn": "arn:aws:iam::123456789012:role/changes"}
    components = {"api": {"kind": "function", "function_name": "f"}, "infra": infra}
    world.environments.known[KEY] = an_environment(components=components)
    on_alarm(world, ALARM, "Too many errors.", START)
    assert world.deployments.get("d2").trip is not None


def test_an_alarm_about_the_release_before_trips_the_next_one_still() -> None:
    """Only what nothing was before is not to blame."""
    world = guarded(Phase.STAGING, reached=0, created_at=START - 5 * MINUTE)
    on_alarm(world, ALARM, "Too many errors.", START, START - MINUTE, START - 2 * MINUTE)
    assert world.deployments.get("d2").trip is not None


def test_an_alarm_that_comes_twice_changes_nothing_more() -> None:
    """EventBridge and SNS may both deliver it."""
    world = guarded(Phase.BAKING, weight=10, guard_tokens=("guard",))
    on_alarm(world, ALARM, "First.")
    first = world.deployments.get("d2")
    world.clock.forward(5)
    on_alarm(world, ALARM, "Second.")
    assert world.deployments.get("d2") == first
    assert sorted(world.deployments.kinds("d2")) == ["traffic_restored", "tripped"]


def test_an_alarm_restores_every_deployment_that_it_guards() -> None:
    """Two environments may share an alarm; an error with one does not delay the other."""
    world = guarded(Phase.BAKING, weight=10)
    world.deployments.known["d0"] = replace(world.deployments.get("d2"), deployment_id="d0", application="gone")
    world.guards.open("d0", [ALARM])
    world.guards.open("a-ghost", [ALARM])
    with pytest.raises(Exception, match="no deployment a-ghost"):
        on_alarm(world, ALARM, "Too many errors.")
    assert world.deployments.get("d0").trip is not None
    assert live(world) == RESTORED


def test_an_alarm_does_not_touch_what_has_ended() -> None:
    """A guard may be left over when the environment's alarms were changed meanwhile."""
    world = guarded(Phase.SUCCEEDED, weight=100)
    on_alarm(world, ALARM, "Too many errors.")
    assert live(world) == {"api": ("7", 0), "site": ("bb", 0)}
    assert world.deployments.get("d2").trip is None


def test_an_alarm_that_guards_no_deployment_does_nothing() -> None:
    """Alarms fire between releases too."""
    assert on_alarm(a_world(), ALARM, "Too many errors.") == []


def test_wherever_an_alarm_dies_it_can_be_done_again() -> None:
    """Lambda retries: in the end all traffic is on stable and the workflow has its answer."""

    def make() -> FakeWorld:
        return guarded(Phase.BAKING, weight=10, guard_tokens=("guard",))

    def act(world: World) -> None:
        on_alarm(world, ALARM, "Too many errors.")

    for where, world in dying_everywhere(make, act):
        act(world)
        assert live(world) == RESTORED, where
        assert "guard" in world.workflows.answers, where
        assert world.deployments.get("d2").traffic_restored_at, where


def test_guarding_another_deployment_is_harmless() -> None:
    """Deployments do not share guards."""
    world = guarded(Phase.BAKING, weight=10)
    a_deployment(world, Phase.RECEIVED, "d9")
    on_alarm(world, ALARM, "x")
    assert world.deployments.get("d9").trip is None


def test_a_rehearsal_changes_nothing() -> None:
    """Not the traffic, which is split just now, and not the ledger."""
    world = a_world()
    before = on_its_way(world, Phase.BAKING, weight=10)
    at_weight(world, 10)
    rehearse(world, "d2")
    assert world.components.made_ready == ["smartpack/prod"]
    assert handle(world, {"deployment_id": "d2", "rehearsal": True}).document() == {"tripped": []}
    assert world.deployments.get("d2") == before
    assert world.deployments.get("d2").trip is None


def test_an_alarm_restores_newcomers_too() -> None:
    """They are restored to what was there before any release, whatever it was."""
    world = at_the_first_step()
    on_alarm(world, ALARM, "5 > 1")
    assert live(world) == RESTORED


def test_an_alarm_from_before_the_deployment_does_not_trip_it() -> None:
    """Its event comes late; had it still been firing, the deployment would not have begun."""
    world = a_silent_deployment()
    world.guards.open("d2", [ALARM])
    on_alarm(world, ALARM, "old", START - timedelta(minutes=1))
    assert world.deployments.get("d2").trip is None
    on_alarm(world, ALARM, "new", START + timedelta(minutes=1))
    assert world.deployments.get("d2").trip is not None


def test_a_guard_that_was_left_over_is_closed() -> None:
    """The function that ended the deployment died before it closed it."""
    world = guarded(Phase.SUCCEEDED, weight=100)
    on_alarm(world, ALARM, "Too many errors.")
    assert world.guards.pairs == set()


def test_an_alarm_before_any_shift_moves_nothing_and_condemns_nothing() -> None:
    """No visitor got anything of the release, so the alarm says nothing about it."""
    world = guarded(Phase.STAGING)
    on_alarm(world, ALARM, "Too many errors.")
    deployment = world.deployments.get("d2")
    assert deployment.trip is not None
    assert not deployment.is_condemned
    assert [one.moves for one in world.components.known.values()] == [[], []]


def test_an_alarm_that_a_hotfix_ignores_does_not_end_it() -> None:
    """A late call may have opened its guard again."""
    world = guarded(Phase.BAKING, weight=10, hotfix=Hotfix((ALARM,), "It ends the alarm."))
    on_alarm(world, ALARM, "5 > 1")
    assert world.deployments.get("d2").trip is None


def just_succeeded(**fields: object) -> FakeWorld:
    """A release that has just ended well, with all its visitors, and is still guarded."""
    world = succeeded()
    before = {"reached": 100, "reached_at": START, "grace_until": START + timedelta(minutes=8), **fields}
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), **before)  # type: ignore[arg-type]
    world.guards.open("d2", [ALARM])
    at_weight(world, 100)
    return world


def test_an_alarm_after_the_end_rolls_back_what_is_still_live() -> None:
    """It is minutes late, and about the last minutes of the last bake."""
    world = just_succeeded()
    world.clock.forward(300)
    assert on_alarm(world, ALARM, "Too many errors.") == ["d2"]
    deployment = world.deployments.get("d2")
    assert deployment.phase is Phase.ROLLING_BACK
    assert live(world) == RESTORED
    assert deployment.is_condemned
    assert list(world.workflows.rollbacks.values()) == ["d2"]


def test_an_alarm_long_after_the_end_is_not_about_the_release() -> None:
    """Its guard is closed."""
    world = just_succeeded()
    world.clock.forward(600)
    on_alarm(world, ALARM, "Too many errors.")
    assert world.deployments.get("d2").phase is Phase.SUCCEEDED
    assert not world.guards.pairs


def test_an_alarm_that_fired_in_the_grace_counts_when_its_event_comes_later() -> None:
    """Events are late, too; until the guard is closed, such an alarm is heard."""
    world = just_succeeded()
    world.clock.forward(600)
    on_alarm(world, ALARM, "Too many errors.", fired_at=START + timedelta(minutes=7))
    assert world.deployments.get("d2").phase is Phase.ROLLING_BACK


def test_a_late_alarm_about_the_time_before_the_release_changes_nothing() -> None:
    """Its data were measured before any visitor could get it."""
    world = just_succeeded()
    on_alarm(world, ALARM, "Too many errors.", data_until=START - timedelta(seconds=1))
    assert world.deployments.get("d2").phase is Phase.SUCCEEDED
    assert live(world) != RESTORED


def test_a_late_alarm_does_not_move_the_next_release() -> None:
    """Another one is live now."""
    world = just_succeeded()
    world.locks.known[KEY] = replace(world.locks.load(KEY), live="d3")
    a_deployment(world, Phase.SUCCEEDED, "d3", previous="d2")
    on_alarm(world, ALARM, "Too many errors.")
    assert world.deployments.get("d2").phase is Phase.SUCCEEDED
    assert live(world) != RESTORED


def test_while_the_next_release_is_on_its_way_a_late_alarm_waits() -> None:
    """If the next one is rolled back, the accused release is live again, and is rolled back then."""
    world = just_succeeded()
    world.locks.known[KEY] = replace(world.locks.load(KEY), holder="d3")
    a_deployment(world, Phase.STAGING, "d3", previous="d2")
    on_alarm(world, ALARM, "Too many errors.")
    assert world.deployments.get("d2").phase is Phase.SUCCEEDED
    reconcile(world)
    assert not world.workflows.rollbacks
    world.locks.known[KEY] = replace(world.locks.load(KEY), holder="")
    a_deployment(world, Phase.ROLLED_BACK, "d3", previous="d2")
    world.clock.forward(3600)
    reconcile(world)
    assert list(world.workflows.rollbacks.values()) == ["d2"]
    assert begin_rollback(world, "d2", "arn:back", "alarm", "Too many errors.").outcome == "begun"


def test_when_the_next_release_is_live_the_accused_one_is_forgotten() -> None:
    """Nothing of it is left to roll back."""
    world = just_succeeded(late_alarm=Trip(START, "alarm", "Too many errors."))
    world.locks.known[KEY] = replace(world.locks.load(KEY), live="d3")
    a_deployment(world, Phase.SUCCEEDED, "d3", previous="d2")
    world.clock.forward(3600)
    assert reconcile(world)["d2"] == "finished"
    assert world.deployments.get("d2").grace_until is None


def test_below_a_release_that_changed_nothing_the_accused_one_is_rolled_back() -> None:
    """What visitors get is still of the accused release."""
    world = just_succeeded(late_alarm=Trip(START, "alarm", "Too many errors."))
    world.locks.known[KEY] = replace(world.locks.load(KEY), live="d3")
    a_deployment(world, Phase.SUCCEEDED, "d3", previous="d2")
    nothing = world.deployments.get("d3")
    world.deployments.known["d3"] = replace(nothing, staged=nothing.restore_point or {})
    world.clock.forward(60)
    assert reconcile(world)["d2"] == "accused by a late alarm"
    assert list(world.workflows.rollbacks.values()) == ["d2"]


def test_wherever_a_late_alarm_dies_the_release_is_rolled_back() -> None:
    """By the event that comes again, or by the reconciler."""

    def fire(world: World) -> None:
        on_alarm(world, ALARM, "Too many errors.")

    def accused() -> FakeWorld:
        world = just_succeeded()
        world.clock.forward(60)
        return world

    for where, world in dying_everywhere(accused, fire):
        on_alarm(world, ALARM, "Too many errors.")
        world.clock.forward(60)
        reconcile(world)
        assert list(world.workflows.rollbacks.values()), where
        assert world.deployments.get("d2").phase is Phase.ROLLING_BACK, where


@pytest.mark.parametrize(("seconds", "condemned"), [(-60, False), (0, False), (1, True)])
def test_what_was_measured_before_visitors_got_it_does_not_condemn_a_release(seconds: int, condemned: bool) -> None:
    """It is rolled back, because it went into trouble; but it is not the trouble, and can be released again."""
    first_visitors = START + timedelta(minutes=2)
    world = guarded(Phase.BAKING, weight=10, reached_at=first_visitors)
    on_alarm(world, ALARM, "Too many errors.", data_until=first_visitors + timedelta(seconds=seconds))
    assert live(world) == RESTORED
    assert world.deployments.get("d2").is_condemned is condemned


def followed(**fields: object) -> FakeWorld:
    """A release that has just ended well, and the next one with its first visitors a minute later."""
    world = just_succeeded(overtaken=(Overtaken(START + timedelta(minutes=1)),))
    world.locks.known[KEY] = replace(world.locks.load(KEY), holder="d3")
    a_deployment(world, Phase.BAKING, "d3", previous="d2", reached=10, reached_at=START + timedelta(minutes=1))
    world.guards.open("d3", [ALARM])
    world.clock.forward(120)
    return world


@pytest.mark.parametrize("minutes", [None, 2])
def test_an_alarm_is_about_the_newest_release_that_visitors_could_get(minutes: int | None) -> None:
    """It rolls back one release, and not the one before as well; also when its event is repeated after that end."""
    world = followed()
    until = None if minutes is None else START + timedelta(minutes=minutes)
    on_alarm(world, ALARM, "Too many errors.", data_until=until)
    assert world.deployments.get("d3").trip is not None
    a_deployment(world, Phase.ROLLED_BACK, "d3", previous="d2")
    world.locks.known[KEY] = replace(world.locks.load(KEY), holder="")
    on_alarm(world, ALARM, "Too many errors.", data_until=until)
    reconcile(world)
    assert world.deployments.get("d2").late_alarm is None
    assert world.deployments.get("d2").phase is Phase.SUCCEEDED


def test_an_alarm_about_the_time_before_the_next_release_accuses_the_one_before() -> None:
    """Its data were measured when that one served alone."""
    world = followed()
    on_alarm(world, ALARM, "Too many errors.", data_until=START + timedelta(seconds=30))
    assert world.deployments.get("d2").late_alarm is not None


def test_an_alarm_about_the_time_before_a_deployment_was_received_says_nothing_about_it() -> None:
    """It comes minutes late, and the deployment has begun in between."""
    world = guarded(Phase.BAKING, weight=10)
    on_alarm(world, ALARM, "Too many errors.", data_until=world.deployments.get("d2").created_at)
    assert world.deployments.get("d2").trip is None


def test_an_alarm_in_the_moment_of_success_is_not_lost() -> None:
    """The release ends well between reading it and tripping it: then the alarm has come after the end."""
    world = just_succeeded()
    ended = world.deployments.get("d2")
    world.deployments.known["d2"] = replace(ended, phase=Phase.BAKING, grace_until=None)

    def end(changes: dict[str, object]) -> None:
        if "trip" in changes:
            world.deployments.known["d2"] = ended

    world.deployments.before_update = end  # type: ignore[assignment]
    on_alarm(world, ALARM, "Too many errors.")
    assert world.deployments.get("d2").phase is Phase.ROLLING_BACK
    assert live(world) == RESTORED


def test_a_release_that_stands_on_an_accused_one_is_stopped_and_not_condemned() -> None:
    """Its own visitors are not what the alarm is about, but with it, the accused one would be forgotten."""
    world = followed()
    on_alarm(world, ALARM, "Too many errors.", data_until=START + timedelta(seconds=30))
    stopped = world.deployments.get("d3")
    assert stopped.trip is not None
    assert not stopped.is_condemned


def test_after_the_next_release_was_rolled_back_alarms_are_about_the_one_before_again() -> None:
    """It is live again, and still guarded; a measurement that may be of both is not held against it."""
    back = START + timedelta(minutes=2)
    for minutes, accused in ((4, False), (8, True)):
        world = just_succeeded(overtaken=(Overtaken(START + timedelta(minutes=1), back),))
        on_alarm(world, ALARM, "Too many errors.", data_until=START + timedelta(minutes=minutes))
        assert (world.deployments.get("d2").phase is Phase.ROLLING_BACK) == accused


def test_a_late_rollback_that_is_refused_is_told_once() -> None:
    """Somebody moved a component by hand: a person must act, and nothing is tried again and again."""
    world = just_succeeded()
    world.components.known["api"].edit("99")
    on_alarm(world, ALARM, "Too many errors.")
    reconcile(world)
    reconcile(world)
    assert world.notifications.sent == [("d2", Phase.SUCCEEDED)]
    assert world.deployments.get("d2").late_alarm is None
    assert not world.workflows.rollbacks


def test_the_rollback_after_a_late_alarm_is_not_kept_waiting_by_the_releases_own_execution() -> None:
    """That one may still be ending, and does not roll back any more."""
    world = just_succeeded()
    world.workflows.running.add(world.deployments.get("d2").execution_arn)
    on_alarm(world, ALARM, "Too many errors.")
    assert begin_rollback(world, "d2", "arn:back", "alarm", "Too many errors.").outcome == "begun"


def test_a_rollback_that_could_not_be_started_is_started_when_the_event_comes_again() -> None:
    """It is claimed, and nobody else starts it before the next sweep."""
    world = just_succeeded()
    world.workflows.trouble = TransientError("not now")
    with pytest.raises(TransientError):
        on_alarm(world, ALARM, "Too many errors.")
    world.workflows.trouble = None
    on_alarm(world, ALARM, "Too many errors.")
    assert list(world.workflows.rollbacks.values()) == ["d2"]
