"""An alarm after the end: the accused release is rolled back, now or when the next one has ended, and no other one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.deployment import Trip
from controller.domain.phases import Phase
from controller.errors import LedgerConflictError
from controller.flow.on_alarm import on_alarm
from controller.flow.reconcile import reconcile
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.rollback.late_alarm import roll_back_late
from controller.flow.shift import shift
from controller.ports.world import World
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import (
    ALARM,
    CANARY,
    KEY,
    a_deployment,
    at_weight,
    dying_everywhere,
    once,
    succeeded,
    unstaged_and_closed,
)

EARLY = START + timedelta(seconds=30)
"""Measured when the first release served alone."""
NEXT = {name: replace(revision, id=f"{revision.id}-next") for name, revision in CANARY.items()}
"""What the next release stages."""


def live_and_guarded() -> FakeWorld:
    """A release that has just ended well, with all its visitors, and is still guarded."""
    world = succeeded()
    fields = {"reached": 100, "reached_at": START, "grace_until": START + timedelta(minutes=30)}
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), **fields)
    world.guards.open("d2", [ALARM])
    at_weight(world, 100)
    return world


def stage_next(world: FakeWorld, name: str = "d3", token: int = 7) -> None:
    """The next release holds the lock, and is staged."""
    world.locks.known[KEY] = replace(world.locks.load(KEY), holder=name, token=token)
    release = a_deployment(world, Phase.STAGING, name, previous="d2", fencing_token=token)
    world.deployments.known[name] = replace(release, restore_point=CANARY, staged=NEXT)
    for part, component in world.components.known.items():
        component.next = NEXT[part].id
    world.guards.open(name, [ALARM])


def served_next(world: FakeWorld) -> dict[str, str]:
    """What all visitors get, by component."""
    return {name: one.live for name, one in world.components.known.items() if not one.weight}


OURS = {name: revision.id for name, revision in CANARY.items()}


def go_back(world: FakeWorld, name: str = "d3") -> None:
    """The next release was rolled back, and that is closed."""
    restored = {"phase": Phase.ROLLING_BACK, "rollback_execution_arn": "arn:back"}
    world.deployments.known[name] = replace(world.deployments.get(name), **restored)
    at_weight(world, 100)
    unstaged_and_closed(world, name)


@pytest.mark.parametrize("step", [0, 1])
def test_while_the_next_release_has_visitors_the_accused_one_is_not_forgotten(step: int) -> None:
    """What is read then is of the next one: that is no reason against rolling back when it is gone."""
    world = live_and_guarded()
    stage_next(world)
    world.clock.forward(60)
    for one in range(step + 1):
        shift(world, "d3", one)
    on_alarm(world, ALARM, "Too many errors.", data_until=EARLY)
    assert world.deployments.get("d2").late_alarm is not None
    assert not world.notifications.sent
    assert world.deployments.get("d3").trip is not None
    assert served_next(world) == OURS
    go_back(world)
    world.clock.forward(60)
    reconcile(world)
    assert list(world.workflows.rollbacks.values()) == ["d2"]


def test_a_rollback_that_begins_while_the_next_release_has_visitors_makes_nobody_forget() -> None:
    """The next release has moved what is read: the accusation stays, and nobody is told that a person must act."""
    world = live_and_guarded()
    accused = replace(world.deployments.get("d2"), late_alarm=Trip(START, "alarm", "Too many errors."))
    world.deployments.known["d2"] = accused
    stage_next(world)
    shift(world, "d3", 1)
    assert begin_rollback(world, "d2", "arn:late", "alarm", "Too many errors.").outcome == "refused"
    assert not world.notifications.sent
    assert world.deployments.get("d2").late_alarm is not None


def test_a_release_that_does_not_stand_on_the_accused_one_is_not_stopped() -> None:
    """Another one has succeeded in between: nothing that visitors get is of the accused release."""
    world = live_and_guarded()
    world.clock.forward(60)
    stage_next(world)
    shift(world, "d3", 0)
    ended = replace(world.deployments.get("d3"), phase=Phase.SUCCEEDED)
    world.deployments.known["d3"] = ended
    world.locks.known[KEY] = replace(world.locks.load(KEY), live="d3", holder="d4")
    world.clock.forward(60)
    a_deployment(world, Phase.STAGING, "d4", previous="d3", created_at=world.clock.now())
    on_alarm(world, ALARM, "Too many errors.", data_until=EARLY)
    assert world.deployments.get("d2").late_alarm is not None
    assert world.deployments.get("d4").trip is None


def test_measurements_of_a_release_that_was_rolled_back_do_not_accuse_the_one_before() -> None:
    """Also when one more release has begun since then."""
    world = live_and_guarded()
    stage_next(world)
    world.clock.forward(60)
    shift(world, "d3", 0)
    world.clock.forward(60)
    of_the_next = world.clock.now()
    go_back(world)
    world.clock.forward(60)
    stage_next(world, "d4", 8)
    world.deployments.known["d4"] = replace(world.deployments.get("d4"), created_at=world.clock.now())
    shift(world, "d4", 0)
    on_alarm(world, ALARM, "Too many errors.", data_until=of_the_next)
    assert world.deployments.get("d2").late_alarm is None
    assert world.deployments.get("d4").trip is None


def test_a_late_attempt_to_lead_visitors_away_notes_nothing() -> None:
    """The release was rolled back while it slept: alarms are about the one before again."""
    world = live_and_guarded()
    stage_next(world)
    world.locks.before_save = once(lambda: go_back(world))
    with pytest.raises(LedgerConflictError):
        shift(world, "d3", 0)
    assert world.deployments.get("d2").overtaken == ()


def test_wherever_the_end_of_the_next_release_dies_alarms_are_about_the_one_before_again() -> None:
    """That it is live again is noted with the end, or not at all."""

    def shifted() -> FakeWorld:
        world = live_and_guarded()
        stage_next(world)
        shift(world, "d3", 0)
        going = {"phase": Phase.ROLLING_BACK, "rollback_execution_arn": "arn:back"}
        world.deployments.known["d3"] = replace(world.deployments.get("d3"), **going)
        return world

    def close(world: World) -> None:
        unstaged_and_closed(world, "d3")

    for where, world in dying_everywhere(shifted, close):
        back = world.deployments.get("d2").overtaken[-1].back_at is not None
        assert back == (world.deployments.get("d3").phase is Phase.ROLLED_BACK), where


def test_what_was_just_let_go_is_looked_after_again_when_it_is_accused() -> None:
    """The alarm fired while it was guarded; the reconciler has ended its grace before that is noted."""
    world = live_and_guarded()
    stage_next(world)
    world.locks.known[KEY] = replace(world.locks.load(KEY), holder="")

    def let_go(changes: object) -> None:
        if "late_alarm" in changes:  # type: ignore[operator]
            world.deployments.before_update = lambda _: None
            world.deployments.known["d2"] = replace(world.deployments.get("d2"), grace_until=None)
            world.locks.known[KEY] = replace(world.locks.load(KEY), holder="d3")

    world.deployments.before_update = let_go
    on_alarm(world, ALARM, "Too many errors.", data_until=EARLY)
    assert "d2" in world.deployments.open()


def test_a_grace_does_not_end_when_it_has_just_been_accused() -> None:
    """The reconciler read it before that."""
    world = live_and_guarded()
    world.clock.forward(3600)

    def accuse(changes: object) -> None:
        if "cleared" in changes:  # type: ignore[operator]
            world.deployments.before_update = lambda _: None
            accused = replace(world.deployments.get("d2"), late_alarm=Trip(START, "alarm", "Too many errors."))
            world.deployments.known["d2"] = accused

    world.deployments.before_update = accuse
    reconcile(world)
    world.clock.forward(60)
    reconcile(world)
    assert list(world.workflows.rollbacks.values()) == ["d2"]


def test_a_release_that_is_live_again_is_not_closed_again() -> None:
    """Its timeline has its own end, once."""
    world = live_and_guarded()
    before = world.deployments.kinds("d2")
    stage_next(world)
    shift(world, "d3", 1)
    go_back(world)
    assert "closed" in world.deployments.kinds("d3")
    assert world.deployments.kinds("d2") == before


def test_an_accused_release_that_was_let_go_is_rolled_back_when_it_is_live_again() -> None:
    """The next release went live, so its accusation led to nothing; then that one was rolled back."""
    world = live_and_guarded()
    fields = {"late_alarm": Trip(START, "alarm", "Too many errors."), "grace_until": None}
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), **fields)  # type: ignore[arg-type]
    stage_next(world)
    shift(world, "d3", 1)
    go_back(world)
    world.clock.forward(60)
    reconcile(world)
    assert list(world.workflows.rollbacks.values()) == ["d2"]


def test_the_same_alarm_at_the_same_moment_accuses_once() -> None:
    """EventBridge and the topic tell it; what the first noted stays, and the second goes on as it would alone."""
    world = live_and_guarded()
    world.locks.known[KEY] = replace(world.locks.load(KEY), holder="d3", token=7)
    as_read_by_both = world.deployments.get("d2")
    roll_back_late(world, as_read_by_both, Trip(START, "alarm", "First."))
    roll_back_late(world, as_read_by_both, Trip(START + timedelta(seconds=1), "alarm", "Second."))
    noted = world.deployments.get("d2").late_alarm
    assert noted
    assert noted.reason == "First."
    assert world.deployments.kinds("d2").count("tripped") == 1
