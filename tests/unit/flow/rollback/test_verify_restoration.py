"""Verify restoration: what is restored is proven, what passes is waited for, and what lasts is reported."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from controller.domain.deployment import Revision, Trip, Trouble
from controller.domain.phases import TERMINAL, Phase
from controller.errors import AwsError, ChangedByOthersError, TransientError
from controller.flow.reconcile import reconcile
from controller.flow.rollback.restore import LONGEST_WRITE, restore_component
from controller.flow.rollback.verify_restoration import RestorationVerified, verify_restoration
from tests.fake_components import FakeComponent
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import SLOW, an_environment, messages, moving, rolling_back, with_a_stack

LONG_AGO = Trip(START - LONGEST_WRITE, "judge", "It broke.")


def restored(**fields: object) -> FakeWorld:
    """A rollback whose components are all restored."""
    world = rolling_back(moving(**fields))  # type: ignore[arg-type]
    for name in world.components.known:
        restore_component(world, "d2", name)
    return world


def again(world: FakeWorld, answer: RestorationVerified) -> RestorationVerified:
    """The next round of the rollback machine: wait, restore what is to be restored, verify."""
    world.clock.forward(answer.wait_seconds or 0)
    for name in answer.components or ():
        try:
            restore_component(world, "d2", name)
        except (TransientError, ZeroDivisionError):
            continue  # The machine goes on to the verification.
    return verify_restoration(world, "d2")


def test_the_release_that_is_live_again_is_checked_from_outside() -> None:
    """Its own checks must pass: the restoration is proven, not assumed."""
    world = restored()
    world.probe.wrong = ["no", "no", "no"]
    answer = verify_restoration(world, "d2")
    assert (answer.outcome, answer.components) == ("pending", [])
    assert "GET /health of api: no" in str(answer.reason)
    assert verify_restoration(world, "d2").outcome == "verified"


def test_a_check_that_still_fails_half_a_minute_later_fails_the_rollback() -> None:
    """What was just written may not be seen everywhere yet; after that, a person is needed."""
    world = restored()
    world.probe.wrong = ["no"] * 1000
    answer, outcomes = verify_restoration(world, "d2"), ["pending"]
    while answer.outcome == "pending":
        answer = again(world, answer)
        outcomes.append(answer.outcome)
    assert answer.outcome == "failed"
    assert timedelta(seconds=30) <= world.clock.now() - START <= timedelta(seconds=40)


def test_a_rollback_makes_no_load() -> None:
    """Of the former release's checks, only those are made that a visitor could make."""
    world = restored()
    checks = (
        '{"component":"api","kind":"load","path":"/load","p95_ms":100}',
        '{"component":"api","path":"/staged","only":"staged"}',
        '{"component":"site","kind":"site"}',
    )
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), checks=checks)
    assert verify_restoration(world, "d2").outcome == "verified"
    assert world.probe.asked == ["https://site.example/"]


@pytest.mark.parametrize("fields", [{"reached": 0, "phase": Phase.STAGING, "weight": 0}, {"previous": ""}])
def test_nothing_is_asked_from_outside_where_nothing_can_be_said(fields: dict[str, object]) -> None:
    """No visitor got anything of the release, or no whole release was live before it."""
    world = restored(**fields)
    world.probe.wrong = ["no"] * 100
    assert verify_restoration(world, "d2").outcome == "verified"
    assert world.probe.asked == []


def test_nothing_is_asked_from_outside_after_an_accepted_failure() -> None:
    """What was live before is a mixture that a person accepted: nobody knows what must be true of it."""
    world = restored()
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), phase=Phase.ROLLBACK_FAILED)
    world.probe.wrong = ["no"] * 100
    assert verify_restoration(world, "d2").outcome == "verified"
    assert world.probe.asked == []


@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_what_has_ended_is_not_verified(phase: Phase) -> None:
    """The execution that still asks has been replaced, and ends."""
    world = moving(phase)
    before = world.deployments.get("d2")
    assert verify_restoration(world, "d2").outcome == "over"
    assert world.deployments.get("d2") == before


def test_what_a_person_moved_where_no_shift_began_is_not_ours() -> None:
    """Whatever is live there was not moved by this deployment."""
    world = rolling_back(moving(Phase.STAGING, weight=0))
    world.components.known["api"].edit("99")
    assert verify_restoration(world, "d2").outcome == "verified"


def test_passing_trouble_is_waited_for_without_end() -> None:
    """However long the outage is, no person is needed, and when it is over the rollback ends by itself."""
    world = rolling_back(moving())
    for component in world.components.known.values():
        component.broken = TransientError("no answer")
    answer = verify_restoration(world, "d2")
    while world.clock.now() - START < timedelta(days=3):
        assert (answer.outcome, answer.components) == ("pending", ["api", "site"])
        answer = again(world, answer)
    for component in world.components.known.values():
        component.broken = None
    assert again(world, answer).outcome == "verified"


def test_pauses_grow_to_a_minute_and_then_with_the_time_waited() -> None:
    """A short outage costs seconds; an execution's history must do for days."""
    world = rolling_back(moving())
    world.components.known["api"].broken = TransientError("no answer")
    answer, pauses = verify_restoration(world, "d2"), []
    while world.clock.now() - START < timedelta(days=2):
        pauses.append((world.clock.now() - START, answer.wait_seconds or 0))
        answer = again(world, answer)
    first_minute = [pause for after, pause in pauses if after < timedelta(minutes=1)]
    first_hour = [pause for after, pause in pauses if after < timedelta(minutes=50)]
    assert set(first_minute) <= set(range(5, 7))
    assert max(first_hour) == 60
    assert all(one <= two for (_, one), (_, two) in pairwise(pauses))
    assert len(pauses) < 500


def test_people_are_told_once_that_a_rollback_waits() -> None:
    """After five minutes, with the reason, and that there is nothing to do."""
    world = rolling_back(moving())
    world.components.known["api"].broken = TransientError("no answer")
    answer = verify_restoration(world, "d2")
    while world.clock.now() - START < timedelta(minutes=5):
        assert world.notifications.sent == []
        answer = again(world, answer)
    for _ in range(20):
        answer = again(world, answer)
    assert world.notifications.sent == [("d2", Phase.ROLLING_BACK)]
    assert messages(world, "pending") == ["The rollback waits for AWS: api: no answer"]


def test_what_people_could_not_be_told_is_told_by_the_reconciler() -> None:
    """The verification does not fail because of a notification."""
    world = rolling_back(moving())
    world.workflows.running.add("arn:back")
    world.components.known["api"].broken = TransientError("no answer")
    verify_restoration(world, "d2")
    world.clock.forward(300)
    real = world.notifications.send

    def fail(_: object) -> None:
        raise TransientError("SNS gives no answer")

    world.notifications.send = fail  # type: ignore[method-assign]
    assert verify_restoration(world, "d2").outcome == "pending"
    world.notifications.send = real  # type: ignore[method-assign]
    world.clock.forward(300)
    reconcile(world)
    assert world.notifications.sent == [("d2", Phase.ROLLING_BACK)]
    assert world.deployments.get("d2").phase is Phase.ROLLING_BACK


def test_people_are_not_told_of_a_short_outage_or_of_what_lasts() -> None:
    """The first is over; the second ends the rollback, which is told as such."""
    world = rolling_back(moving(trip=LONG_AGO))
    restore_component(world, "d2", "site")
    world.components.known["api"].broken = AwsError("denied")
    restore_component(world, "d2", "api")
    world.clock.forward(300)
    assert verify_restoration(world, "d2").outcome == "failed"
    assert world.notifications.sent == []


@pytest.mark.parametrize("error", [ChangedByOthersError("it is on 99"), AwsError("denied")])
def test_a_contradiction_fails_only_when_it_is_seen_again(error: Exception) -> None:
    """Half a minute after it was first seen, and not before."""
    world = rolling_back(moving(trip=LONG_AGO))
    restore_component(world, "d2", "site")
    world.components.known["api"].broken = error
    restore_component(world, "d2", "api")
    answer = verify_restoration(world, "d2")
    while world.clock.now() - START < timedelta(seconds=30):
        assert answer.outcome == "pending"
        answer = again(world, answer)
    assert (answer.outcome, answer.reason) == ("failed", f"api: {error}")


def test_a_contradiction_does_not_fail_while_something_else_passes() -> None:
    """Everything that can be restored is restored first."""
    world = rolling_back(moving())
    world.components.known["api"].broken = AwsError("denied")
    world.components.known["site"].broken = TransientError("no answer")
    answer = verify_restoration(world, "d2")
    for _ in range(30):
        answer = again(world, answer)
        assert answer.outcome == "pending"
    world.components.known["site"].broken = None
    answer = again(world, answer)
    assert (answer.outcome, world.components.known["site"].live) == ("failed", "aa")


def test_a_contradiction_that_turns_into_an_outage_does_not_last() -> None:
    """What is not known to be refused may still be restored."""
    world = rolling_back(moving())
    restore_component(world, "d2", "site")
    api = world.components.known["api"]
    api.broken = AwsError("denied")
    restore_component(world, "d2", "api")
    world.clock.forward(60)
    api.broken = TransientError("no answer")
    with pytest.raises(TransientError):
        restore_component(world, "d2", "api")
    assert verify_restoration(world, "d2").outcome == "pending"
    assert not world.deployments.get("d2").troubles["api"].lasting


def test_what_was_not_restored_yet_is_restored_again() -> None:
    """Its task gave up or never ran; nothing says that it lasts."""
    world = rolling_back(moving())
    answer = verify_restoration(world, "d2")
    assert (answer.outcome, answer.components) == ("pending", ["api", "site"])
    assert world.deployments.get("d2").troubles.keys() == {"api", "site"}
    assert again(world, answer).outcome == "verified"
    assert world.deployments.get("d2").troubles == {}


def test_an_unconditional_write_may_land_until_its_time_is_up() -> None:
    """A pointer has no condition, so it is read again when a write of the shift can no longer arrive."""
    settings = {"kind": "parameters", "prefix": "/smartpack/prod"}
    world = moving(Phase.BAKING, weight=100, components=("settings",), pointed_at=START)
    world.environments.known["smartpack/prod"] = an_environment(components={"settings": settings})
    revisions = {"restore_point": {"settings": Revision("s1")}, "staged": {"settings": Revision("s2")}}
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), **revisions)  # type: ignore[arg-type]
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), checks=())
    pointer = world.components.known["settings"] = FakeComponent("s2")
    rolling_back(world)
    restore_component(world, "d2", "settings")
    assert pointer.live == "s1"
    answer = verify_restoration(world, "d2")
    while world.clock.now() - START < timedelta(seconds=30):
        assert answer.outcome == "pending"
        answer = again(world, answer)
    assert answer.outcome == "verified"


def test_a_stack_stays_while_the_code_that_may_need_it_is_live() -> None:
    """Code that cannot be restored keeps what it needs, and the reason names both."""
    world = rolling_back(with_a_stack(Phase.BAKING))
    world.components.known["api"].edit("9")
    restore_component(world, "d2", "api")
    answer = verify_restoration(world, "d2")
    while answer.outcome == "pending":
        assert answer.components == ["api"]
        answer = again(world, answer)
    assert answer.outcome == "failed"
    assert answer.reason == (
        "api: it is on 9, not on 6; infra: was left as it is, because what may need it is not restored"
    )
    assert world.components.known["infra"].live == "b"


def test_a_stack_that_has_begun_goes_on_while_other_code_has_trouble() -> None:
    """It cannot be left half way."""
    world = rolling_back(with_a_stack(Phase.BAKING, SLOW))
    restore_component(world, "d2", "api")
    restore_component(world, "d2", "infra")
    world.components.known["api"].broken = TransientError("no answer")
    answer = verify_restoration(world, "d2")
    assert (answer.outcome, answer.components) == ("pending", ["api", "infra"])


def test_a_stack_that_cannot_even_be_asked_is_waited_for_and_told() -> None:
    """Its task dies each time and notes nothing; so nobody knows, and nobody gives up."""
    world = rolling_back(with_a_stack(Phase.BAKING))
    restore_component(world, "d2", "api")
    world.components.known["infra"].broken = ZeroDivisionError()
    answer = verify_restoration(world, "d2")
    while world.clock.now() - START < timedelta(hours=1):
        assert (answer.outcome, answer.components) == ("pending", ["infra"])
        assert answer.wait_seconds
        answer = again(world, answer)
    assert world.notifications.sent == [("d2", Phase.ROLLING_BACK)]
    world.components.known["infra"].broken = None
    assert again(world, answer).outcome == "verified"


def test_a_stack_that_answers_has_no_trouble_any_more() -> None:
    """AWS is working on it: that is no outage, and people are not told of one."""
    world = rolling_back(with_a_stack(Phase.BAKING, *[SLOW] * 100))
    restore_component(world, "d2", "api")
    answer = verify_restoration(world, "d2")
    assert world.deployments.get("d2").troubles == {"infra": Trouble(START, "it has given no answer yet")}
    while world.clock.now() - START < timedelta(minutes=15):
        answer = again(world, answer)
        assert answer.outcome == "pending"
    assert world.deployments.get("d2").troubles == {}
    assert world.notifications.sent == []
