"""Record restore point: what is live is recorded before anything is made."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from controller.domain.deployment import Revision, Trip
from controller.domain.phases import Phase
from controller.errors import AwsError, ChangedByOthersError, LedgerConflictError, NotFoundError
from controller.flow.on_alarm import on_alarm
from controller.flow.record_restore_point import record_restore_point
from controller.seen_again import PAUSES
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import ALARM, KEY, STABLE, a_deployment, granted, messages, once, recorded


def test_what_is_live_is_recorded_and_guarded() -> None:
    """The restore point and the guards are there before anything is touched."""
    world = granted()
    assert record_restore_point(world, "d2").outcome == "ready"
    assert world.deployments.get("d2").restore_point == STABLE
    assert world.deployments.get("d2").phase is Phase.STAGING
    assert world.guards.guarded_by(ALARM) == ["d2"]


def test_an_alarm_without_data_is_in_the_timeline() -> None:
    """Nothing refuses the release, but this alarm does not guard it."""
    world = granted()
    world.alarms.known[ALARM] = "INSUFFICIENT_DATA"
    assert record_restore_point(world, "d2").outcome == "ready"
    assert messages(world, "remark") == [f"Alarm {ALARM} has no data: until there are some, it guards nothing."]


def test_a_component_that_seems_to_be_changed_by_others_is_read_again(slept: list[float]) -> None:
    """The release before this one has just ended, and its last write is not seen everywhere yet."""
    world = granted()
    world.components.known["api"].old = [ChangedByOthersError("it is divided"), NotFoundError("version 6")]
    assert record_restore_point(world, "d2").outcome == "ready"
    assert world.deployments.get("d2").restore_point == STABLE
    assert slept == [*PAUSES[:2]]


def left_on(revision: str) -> FakeWorld:
    """A deployment that was just granted the lock after a release that left the API on this revision."""
    world = granted(previous="d1")
    a_deployment(world, Phase.SUCCEEDED, "d1", staged={**STABLE, "api": Revision(revision)}, previous="")
    return world


def test_an_old_read_does_not_become_the_restore_point(slept: list[float]) -> None:
    """The release before has just moved the alias, and the first reads still say where it was."""
    world = left_on("6")
    world.components.known["api"].old = ["5", "5"]
    assert record_restore_point(world, "d2").outcome == "ready"
    assert world.deployments.get("d2").restore_point == STABLE
    assert slept == [*PAUSES[:2]]
    assert len(messages(world, "restore_point")) == 1


def test_what_was_changed_by_hand_is_said_and_counts_as_stable(slept: list[float]) -> None:
    """Once several reads agree."""
    world = left_on("5")
    assert record_restore_point(world, "d2").outcome == "ready"
    assert world.deployments.get("d2").restore_point == STABLE
    assert slept == [*PAUSES]
    assert messages(world, "restore_point")[1] == (
        "api was changed by hand: a release left it on 5. What is live counts as stable."
    )


def test_what_was_changed_by_hand_beside_the_release_is_said() -> None:
    """It stays so, and a rollback may fail because of it."""
    world = left_on("5")
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), components=("site",), waves=(("site",),))
    assert record_restore_point(world, "d2").outcome == "ready"
    (said,) = messages(world, "remark")
    assert said.startswith("api is on 6, and 2.0.0 left it on 5: it was changed by hand. This release does not have it")


def test_also_what_an_earlier_release_brought_is_read_again(slept: list[float]) -> None:
    """The live release does not have the component; one after it was rolled back just now."""
    world = left_on("6")
    a_deployment(world, Phase.SUCCEEDED, "d1", staged={"site": STABLE["site"]}, previous="d0")
    a_deployment(world, Phase.SUCCEEDED, "d0", staged=STABLE, previous="")
    world.components.known["api"].old = ["7", NotFoundError("version 7"), "7"]
    assert record_restore_point(world, "d2").outcome == "ready"
    assert world.deployments.get("d2").restore_point == STABLE
    assert len(slept) == 3


ACCUSED = {"late_alarm": Trip(START, "alarm", "Too many errors."), "grace_until": START}


def test_nothing_begins_on_top_of_what_is_to_be_rolled_back() -> None:
    """A success would bury the accusation: later nobody could say what visitors suffered from."""
    world = left_on("6")
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), **ACCUSED)  # type: ignore[arg-type]
    card = record_restore_point(world, "d2")
    assert (card.outcome, world.locks.load(KEY).holder) == ("rejected", "")
    assert "which is live, is to be rolled back: Too many errors." in card.deployment.reason
    assert "--hotfix" in card.deployment.next_step


def test_a_hotfix_may_begin_on_top_of_what_is_to_be_rolled_back() -> None:
    """It is what corrects it."""
    world = left_on("6")
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), **ACCUSED)  # type: ignore[arg-type]
    upload = replace(world.deployments.get("d2").upload, hotfix="It corrects that.")
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), upload=upload)
    assert record_restore_point(world, "d2").outcome == "ready"


@pytest.mark.parametrize("state", ["ALARM", None])
def test_an_alarm_that_fires_or_is_gone_rejects(state: str | None) -> None:
    """A release cannot be judged while its alarm is firing, nor when nothing guards it."""
    world = granted(previous="d1")
    world.alarms.known = {ALARM: state} if state else {}
    assert record_restore_point(world, "d2").outcome == "rejected"
    assert not world.guards.pairs
    assert world.locks.load(KEY).holder == ""


def test_alarms_that_cannot_be_read_are_an_error() -> None:
    """The workflow tries again, and rolls back in the end."""
    world = granted()
    world.alarms.unreadable = AwsError("denied")
    with pytest.raises(AwsError):
        record_restore_point(world, "d2")


def test_an_alarm_that_fires_while_they_are_read_is_not_missed() -> None:
    """The guards are open before the states are read, so the alarm's event finds the deployment and trips it."""
    world = granted(previous="d1")
    world.alarms.states = lambda names: (on_alarm(world, ALARM, "now"), dict.fromkeys(names, "OK"))[1]  # type: ignore[method-assign]
    card = record_restore_point(world, "d2")
    assert (card.outcome, card.deployment.reason) == ("rejected", f"Alarm {ALARM}: now")
    assert world.deployments.get("d2").restore_point is None
    assert not world.guards.pairs


def test_guards_that_a_late_call_opens_are_closed() -> None:
    """The deployment has ended before this call, which was given up, opens them."""
    world = granted()

    def end(changes: Mapping[str, Any]) -> None:
        if "restore_point" in changes:
            world.deployments.known["d2"] = replace(world.deployments.get("d2"), phase=Phase.REJECTED)

    world.deployments.before_update = end
    assert record_restore_point(world, "d2").outcome == "rejected"
    assert not world.guards.pairs


def test_what_the_last_holder_wrote_without_condition_is_waited_for() -> None:
    """A write to SSM that was permitted just before its end may still arrive, and so may a deletion."""
    world = granted(settles_at=START + timedelta(seconds=30))
    card = record_restore_point(world, "d2")
    assert (card.outcome, card.wait_seconds) == ("pending", 30)
    world.clock.forward(30)
    assert record_restore_point(world, "d2").outcome == "ready"


def test_tasks_that_have_to_wait_are_announced() -> None:
    """One of the release before may still be running; the rest of the release does not wait."""
    until = START + timedelta(minutes=16)
    world = granted(tasks_until=until, tasks=('{"component":"api"}',))
    assert record_restore_point(world, "d2").outcome == "ready"
    assert messages(world, "task") == [
        f"Its tasks wait until {until:%H:%M} UTC: one of the release before may still be running."
    ]


def test_a_component_that_somebody_is_changing_rejects() -> None:
    """A release does not begin in the middle of somebody's change."""
    world = granted()
    world.components.known["api"].canary, world.components.known["api"].weight = "9", 50
    card = record_restore_point(world, "d2")
    assert (card.outcome, card.deployment.phase) == ("rejected", "REJECTED")
    assert "split" in card.deployment.reason


def test_a_version_that_was_rolled_back_meanwhile_rejects() -> None:
    """The same bad version, uploaded twice, waited while its twin was rolled back."""
    world = granted()
    world.versions.previous_attempts[KEY, "2.0.0"] = ("dd", Phase.ROLLED_BACK)
    assert "was rolled back" in record_restore_point(world, "d2").deployment.reason


def test_recording_again_keeps_the_first_restore_point() -> None:
    """What is live later may be the canary: it must never become the restore point."""
    world = recorded()
    world.components.known["api"].live = "7"
    assert record_restore_point(world, "d2").outcome == "ready"
    assert world.deployments.get("d2").restore_point == STABLE


def test_two_calls_at_once_agree() -> None:
    """The slower one finds what the faster one has recorded, and agrees."""
    world = granted()
    world.deployments.before_update = once(lambda: record_restore_point(world, "d2"))
    assert record_restore_point(world, "d2").outcome == "ready"
    assert world.deployments.kinds("d2") == ["restore_point"]


def test_without_the_lock_nothing_is_recorded() -> None:
    """An older fencing token writes nothing."""
    world = granted()
    stale = world.deployments.get("d2")
    world.deployments.get = lambda deployment_id: stale  # type: ignore[method-assign]
    world.deployments.known["d2"] = replace(stale, fencing_token=9)
    with pytest.raises(LedgerConflictError):
        record_restore_point(world, "d2")
