"""Components that take their time: they are asked again, within their patience, as long as the release may go on."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from controller.domain.deployment import Awaited, Left, Pending, Revision
from controller.domain.phases import Phase
from controller.errors import AwsError, SelfrightError, TransientError, TrippedError
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.rollback.close import close_rollback
from controller.flow.rollback.restore import restore_component
from controller.flow.rollback.traffic import restore_traffic
from controller.flow.rollback.verify_restoration import verify_restoration
from controller.flow.shared.lease import LEASE
from controller.flow.shared.pending import FIRST_PAUSE, LONGEST_PAUSE, pause_of
from controller.flow.shared.trip import trip
from controller.flow.stage import stage
from controller.flow.test import test_staged as run_tests
from controller.ports.world import World
from tests.builders import a_bundle
from tests.fake_components import FakeComponent
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import a_world, dying_everywhere, on_its_way

SLOW = Pending("UPDATE_IN_PROGRESS", patience=3600)


def slow(*answers: Pending) -> FakeWorld:
    """A release whose site answers so when it is staged; the API is staged at once."""
    world = a_world()
    deployment = on_its_way(world, Phase.STAGING, staged={}, steps=())
    world.bundles.objects[deployment.upload.key] = a_bundle("2.0.0")
    world.components.known["site"].pending = list(answers)
    stage(world, "d2", "api")
    return world


def test_what_is_not_staged_is_asked_again() -> None:
    """Only what is left is asked again, and then the release is tested."""
    world = slow(SLOW)
    assert stage(world, "d2", "site").outcome == "pending"
    answer = run_tests(world, "d2")
    assert (answer.outcome, answer.wave) == ("pending", ("site",))
    assert answer.wait_seconds == FIRST_PAUSE
    assert stage(world, "d2", "site").outcome == "staged"
    assert run_tests(world, "d2").outcome == "healthy"


def test_waiting_renews_the_lease() -> None:
    """A deployment that waits for a stack is not stuck."""
    world = slow(SLOW, SLOW)
    stage(world, "d2", "site")
    first = world.deployments.get("d2").lease_until
    world.clock.forward(1200)
    stage(world, "d2", "site")
    last = world.deployments.get("d2").lease_until
    assert first
    assert last
    assert last - first == timedelta(seconds=1200)


def test_every_component_that_is_staged_is_a_step_forward() -> None:
    """Waves of large components take longer than one lease, and are not stuck."""
    world = slow()
    world.clock.forward(1200)
    stage(world, "d2", "site")
    assert world.deployments.get("d2").lease_until == world.clock.now() + LEASE


def test_it_is_told_once_what_is_waited_for() -> None:
    """The timeline says what AWS is doing, and again only when that is something else."""
    world = slow(SLOW, SLOW, Pending("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", 3600))
    for _ in range(3):
        stage(world, "d2", "site")
    assert [event.message for event in world.deployments.events["d2"] if event.kind == "pending"] == [
        "site: UPDATE_IN_PROGRESS.",
        "site: UPDATE_COMPLETE_CLEANUP_IN_PROGRESS.",
    ]


def test_patience_ends() -> None:
    """What takes longer than it may is a reason to go back."""
    world = slow(SLOW, SLOW)
    stage(world, "d2", "site")
    world.clock.forward(3601)
    with pytest.raises(SelfrightError, match="site: not done after 60 minutes, while UPDATE_IN_PROGRESS"):
        stage(world, "d2", "site")


def test_a_tripped_deployment_is_not_waited_for() -> None:
    """An alarm that fires meanwhile ends the waiting at the next question."""
    world = slow(SLOW, SLOW)
    stage(world, "d2", "site")
    trip(world, "d2", "alarm", "It broke.")
    with pytest.raises(TrippedError):
        stage(world, "d2", "site")


@pytest.mark.parametrize(("waited", "pause"), [(0, FIRST_PAUSE), (100, 10), (1500, LONGEST_PAUSE), (7200, 144)])
def test_the_pause_grows_with_the_time_waited(waited: int, pause: int) -> None:
    """What takes an hour is not asked every five seconds."""
    world = slow()
    deployment = world.deployments.update(
        "d2", {"awaited_now": {"site": Awaited(START, "it works")}}, phases={Phase.STAGING}
    )
    assert pause_of(deployment, START + timedelta(seconds=waited)) == pause


@pytest.mark.parametrize(("components", "minutes"), [(1, 600), (3, 600), (10, 60), (100, 15)])
def test_waiting_fits_into_the_history_of_an_execution(components: int, minutes: int) -> None:
    """Of its 25,000 events, 15,000 belong to evaluations: the longest waits, and many at once, leave these alone."""
    names = [f"c{number}" for number in range(components)]
    world = slow()
    changes = {"awaited_now": {name: Awaited(START, "it works") for name in names}}
    deployment = world.deployments.update("d2", changes, phases={Phase.STAGING})
    now, events = START, 0
    while now < START + timedelta(minutes=minutes):
        now += timedelta(seconds=pause_of(deployment, now))
        events += 13 + 7 * components  # Wait, Map, Test and Choice; each component's iteration with its Task
    assert events < 10_000


def test_what_is_staged_already_lengthens_no_pause() -> None:
    """Only what is waited for counts."""
    world = slow()
    changes = {"awaited": {"api": Awaited(START, "it worked"), "site": Awaited(START + timedelta(hours=1), "it")}}
    deployment = world.deployments.update("d2", changes, phases={Phase.STAGING})
    assert pause_of(deployment, START + timedelta(hours=1)) == FIRST_PAUSE


def with_a_stack(phase: Phase, *answers: Pending, left: Left | None = None, **fields: Any) -> FakeWorld:  # noqa: ANN401
    """A release of the API and a stack, whose way back answers so."""
    stack = {"kind": "stack", "stack_name": "infra", "role_arn": "arn:aws:iam::123456789012:role/changes"}
    api = {"kind": "function", "function_name": "f"}
    world = a_world(components={"api": api, "infra": stack})
    restore_point, staged = (
        {"api": Revision("6"), "infra": Revision("a")},
        {"api": Revision("7"), "infra": Revision("b")},
    )
    on_its_way(
        world, phase, components=("api", "infra"), checks=(), restore_point=restore_point, staged=staged, **fields
    )
    world.deployments.known["d1"] = replace(world.deployments.get("d1"), checks=())
    world.components.known = {
        "api": FakeComponent("7", next="7"),
        "infra": FakeComponent("b", next="b", pending=list(answers), left=left),
    }
    return world


def test_an_alarm_does_not_wait_for_a_stack() -> None:
    """The visitors are put back at once, and that is noted; the stack is left to the rollback machine."""
    world = with_a_stack(Phase.BAKING)
    assert restore_traffic(world, world.deployments.get("d2")) == {}
    assert world.components.known["api"].live == "6"
    assert (world.components.known["infra"].live, world.components.known["infra"].moves) == ("b", [])
    assert world.deployments.get("d2").traffic_restored_at == START


def test_a_stack_is_restored_after_the_traffic() -> None:
    """The first round leaves it out; then it is asked until it is done, and only then all is verified."""
    world = with_a_stack(Phase.BAKING, SLOW)
    assert begin_rollback(world, "d2", "arn:back", "fault", "It broke.").components == ["api"]
    restore_component(world, "d2", "api")
    first = verify_restoration(world, "d2")
    assert (first.outcome, first.components, first.wait_seconds) == ("pending", ["infra"], 0)
    assert restore_component(world, "d2", "infra").outcome == "pending"
    assert verify_restoration(world, "d2").wait_seconds == FIRST_PAUSE
    assert restore_component(world, "d2", "infra").outcome == "restored"
    assert verify_restoration(world, "d2").outcome == "verified"
    assert close_rollback(world, "d2", "").outcome == Phase.ROLLED_BACK
    assert world.components.known["infra"].live == "a"


def test_a_stack_stays_while_the_code_that_may_need_it_is_live() -> None:
    """What cannot be put back keeps what it needs, and a person is told of both."""
    world = with_a_stack(Phase.BAKING)
    begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
    world.components.known["api"].edit("9")
    restore_component(world, "d2", "api")
    answer = verify_restoration(world, "d2")
    assert answer.outcome == "failed"
    assert "infra: was left as it is, because what may need it is not restored" in answer.reason
    assert world.components.known["infra"].live == "b"


def test_what_is_left_on_purpose_is_said_and_counts_as_restored() -> None:
    """The deployment's reason says what stayed."""
    world = with_a_stack(Phase.BAKING, left=Left("The table stays."))
    begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
    for name in ("api", "infra"):
        restore_component(world, "d2", name)
    world.components.known["infra"].live = "c"
    assert verify_restoration(world, "d2").outcome == "verified"
    close_rollback(world, "d2", "")
    assert world.deployments.get("d2").reason == "It broke. infra: The table stays."


def test_a_way_back_that_cannot_be_gone_is_told_and_not_tried_for_ever() -> None:
    """A fault that does not pass ends the waiting; one that passes is tried again by the workflow."""
    world = with_a_stack(Phase.BAKING)
    begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
    restore_component(world, "d2", "api")
    world.components.known["infra"].broken = TransientError("throttled")
    with pytest.raises(TransientError):
        restore_component(world, "d2", "infra")
    assert verify_restoration(world, "d2").outcome == "pending"
    world.components.known["infra"].broken = AwsError("run continue-update-rollback")
    assert restore_component(world, "d2", "infra").outcome == "left_alone"
    answer = verify_restoration(world, "d2")
    assert (answer.outcome, answer.reason) == ("failed", "infra: run continue-update-rollback")


def test_a_stack_that_cannot_even_be_asked_is_given_up() -> None:
    """A fault of our own, say, that no attempt survives: the environment is held for a person, and not for ever."""
    world = with_a_stack(Phase.BAKING)
    begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
    restore_component(world, "d2", "api")
    world.components.known["infra"].broken = ZeroDivisionError()
    answer, rounds = verify_restoration(world, "d2"), 0
    while answer.outcome == "pending":
        assert answer.wait_seconds or not rounds
        rounds += 1
        with pytest.raises(ZeroDivisionError):
            restore_component(world, "d2", "infra")
        world.clock.forward(answer.wait_seconds)
        answer = verify_restoration(world, "d2")
    assert "infra: could not be asked in time" in answer.reason
    assert rounds < 300
    assert close_rollback(world, "d2", answer.reason).outcome == Phase.ROLLBACK_FAILED


def test_a_way_back_that_dies_anywhere_is_gone_on_with() -> None:
    """Whatever call was the last: asked again, all of it is restored and verified."""

    def back(world: World) -> object:
        restore_component(world, "d2", "api")
        verify_restoration(world, "d2")
        restore_component(world, "d2", "infra")
        restore_component(world, "d2", "infra")
        return verify_restoration(world, "d2")

    def make() -> FakeWorld:
        world = with_a_stack(Phase.BAKING, SLOW)
        begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
        return world

    died = 0
    for where, world in dying_everywhere(make, back):
        died += 1
        back(world)
        assert verify_restoration(world, "d2").outcome == "verified", where
        assert {name: one.live for name, one in world.components.known.items()} == {"api": "6", "infra": "a"}, where
    assert died > 20


def test_the_way_back_has_its_own_patience() -> None:
    """However long the way forward took; and another attempt begins anew."""
    waited = {"infra": Awaited(START - timedelta(hours=2), "UPDATE_IN_PROGRESS")}
    world = with_a_stack(Phase.BAKING, SLOW, SLOW, awaited=waited)
    begin_rollback(world, "d2", "arn:back", "fault", "It broke.")
    restore_component(world, "d2", "api")
    assert restore_component(world, "d2", "infra").outcome == "pending"
    world.clock.forward(3601)
    assert restore_component(world, "d2", "infra").outcome == "left_alone"
    assert "not done after 60 minutes" in verify_restoration(world, "d2").reason
