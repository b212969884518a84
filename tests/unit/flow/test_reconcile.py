"""Reconcile: every way in which an execution can die; running ones are left alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from controller.domain.advice import again_advice
from controller.domain.deployment import Deployment, Upload, due
from controller.domain.lock import Lock, order_of
from controller.domain.phases import MOVING, OPEN, TERMINAL, TOUCHED, UNTOUCHED, Phase
from controller.errors import AwsError, TransientError
from controller.flow.reconcile import ENDED, LEFT, STUCK, reconcile
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.ports.world import World
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import (
    KEY,
    a_deployment,
    a_world,
    dying_everywhere,
    messages,
    on_its_way,
    owing,
    tripped,
    waiting,
)


def dead(phase: Phase, **fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A deployment in this phase, whose execution no longer runs."""
    world = a_world()
    on_its_way(world, phase, rollback_execution_arn="arn:back", **fields)
    world.workflows.running.clear()
    return world


@pytest.mark.parametrize("phase", sorted(OPEN - UNTOUCHED))
def test_a_deployment_without_an_execution_is_rolled_back(phase: Phase) -> None:
    """It does not matter whether it was stopped, timed out or broke."""
    world = dead(phase)
    assert reconcile(world) == {"d2": "rollback started"}
    assert list(world.workflows.rollbacks.values()) == ["d2"]


@pytest.mark.parametrize("phase", sorted(UNTOUCHED))
def test_what_was_not_touched_is_rejected_without_a_rollback(phase: Phase) -> None:
    """The lock goes to the one that waits, and people are told that the same bundle can be uploaded again."""
    world = dead(phase, restore_point=None, staged={}, steps=())
    waiting(world)
    if phase is Phase.RECEIVED:
        world.locks.known[KEY] = Lock(KEY)
    assert reconcile(world)["d2"] == "rejected"
    ended = world.deployments.get("d2")
    assert (ended.phase, ended.next_step) == (Phase.REJECTED, again_advice("d2"))
    assert ended.reason == f"{ENDED} Nothing was touched."
    assert world.workflows.rollbacks == {}
    assert world.notifications.sent == [("d2", Phase.REJECTED)]
    assert world.locks.load(KEY).holder == "d3"


def test_the_execution_of_what_is_stuck_and_untouched_is_stopped() -> None:
    """Its lease ran out while it held the lock; a late task of it would get nothing."""
    world = a_world()
    on_its_way(world, Phase.QUEUED, lease_until=START)
    world.clock.forward(1)
    assert reconcile(world) == {"d2": "rejected"}
    assert "arn:d2" not in world.workflows.running
    assert world.deployments.get("d2").reason == f"{STUCK} Nothing was touched."


@pytest.mark.parametrize("phase", sorted(MOVING - {Phase.RECEIVED}))
def test_a_check_renews_no_lease(phase: Phase) -> None:
    """Only progress does: otherwise a deployment that is stuck would never be found."""
    world = a_world()
    before = on_its_way(world, phase, lease_until=START, queue_tokens=("token",))
    reconcile(world)
    assert world.deployments.get("d2") == before


@pytest.mark.parametrize("phase", sorted(MOVING - {Phase.QUEUED}))
def test_a_running_deployment_is_left_alone(phase: Phase) -> None:
    """Its execution runs, so the reconciler does nothing."""
    world = a_world()
    on_its_way(world, phase)
    assert reconcile(world) == {}


@pytest.mark.parametrize("phase", sorted(TOUCHED))
def test_what_tripped_and_is_not_rolled_back_is_rolled_back(phase: Phase) -> None:
    """Its execution pauses, and whoever wrote the trip died before it could wake it."""
    world = a_world()
    on_its_way(world, phase, trip=tripped())
    world.clock.forward(59)
    assert reconcile(world) == {}  # Its execution has just read the trip.
    world.clock.forward(1)
    assert reconcile(world) == {"d2": "rollback started"}
    assert messages(world, "reconciled") == [f"{LEFT} A rollback was started."]


def test_a_tripped_deployment_that_was_left_is_taken_over() -> None:
    """The rollback machine stops its execution, which pauses, and goes back itself."""
    world = a_world()
    on_its_way(world, Phase.SHIFTING, trip=tripped())
    world.clock.forward(60)
    reconcile(world)
    assert begin_rollback(world, "d2", "arn:back", "reconciler", LEFT).outcome == "begun"
    assert ("arn:d2" in world.workflows.running, world.deployments.get("d2").rollback_reason) == (False, "It broke.")


def test_a_running_rollback_is_left_alone() -> None:
    """While it rolls back, the execution that counts is that of the rollback."""
    world = dead(Phase.ROLLING_BACK)
    world.workflows.running.add("arn:back")
    assert reconcile(world) == {}


@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_what_has_ended_is_left_alone(phase: Phase) -> None:
    """There is nothing to do for it."""
    assert reconcile(dead(phase, unsent={})) == {}


@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_what_is_due_after_the_end_is_done(phase: Phase) -> None:
    """The notification and the rest, once."""
    world = dead(phase, unsent=owing(phase))
    assert reconcile(world) == {"d2": "finished"}
    assert reconcile(world) == {}
    assert world.notifications.sent == [("d2", phase)]


def test_the_task_that_has_just_ended_it_may_finish_it() -> None:
    """A reconciler that ran in between would notify people a second time."""
    world = dead(Phase.SUCCEEDED, unsent=owing(Phase.SUCCEEDED), closed_at=START)
    world.clock.forward(29)
    assert reconcile(world) == {}
    world.clock.forward(1)
    assert reconcile(world) == {"d2": "finished"}


def test_the_same_rollback_is_started_once_a_minute_at_most() -> None:
    """Two reconcilers at once start one; a start without effect is repeated."""
    world = dead(Phase.BAKING)
    reconcile(world)
    reconcile(world)
    assert len(world.workflows.rollbacks) == 1
    world.clock.forward(60)
    reconcile(world)
    assert len(world.workflows.rollbacks) == 2
    assert all(len(name) <= 80 for name in world.workflows.rollbacks)


def test_the_name_of_the_longest_deployment_fits() -> None:
    """An execution's name has at most 80 characters, a deployment's 64."""
    world = dead(Phase.BAKING)
    deployment = world.deployments.known.pop("d2")
    world.deployments.known["d" * 64] = replace(deployment, deployment_id="d" * 64)
    reconcile(world)
    assert all(len(name) <= 80 for name in world.workflows.rollbacks)


def test_a_rollback_that_dies_is_started_again_without_end() -> None:
    """Nothing counts attempts: whatever keeps it from ending may be over the next time."""
    world = dead(Phase.ROLLING_BACK)
    for _ in range(500):
        assert reconcile(world) == {"d2": "rollback started"}
        world.clock.forward(300)
    assert len(world.workflows.rollbacks) == 500
    assert world.deployments.get("d2").phase is Phase.ROLLING_BACK
    assert world.notifications.sent == []


def test_a_holder_that_was_not_told_is_told_again() -> None:
    """The task that released the lock died before it answered."""
    world = a_world()
    on_its_way(world, Phase.QUEUED, queue_tokens=("one", "two"))
    assert reconcile(world) == {}
    assert set(world.workflows.answers) == {"one", "two"}


def test_a_deployment_that_asks_again_too_late_is_superseded() -> None:
    """In a ledger from a backup, the lock knows neither it nor its holder."""
    world = a_world()
    a_deployment(world, Phase.QUEUED, "d0", version="0.9.0", queue_tokens=("token",))
    world.locks.known[KEY] = Lock(KEY, holder="ghost", newest=order_of(START, "2.0.0"))
    assert reconcile(world) == {"d0": "superseded"}
    assert world.workflows.answers["token"]["outcome"] == "superseded"  # type: ignore[index]


def test_many_events_at_once_cause_one_check() -> None:
    """An event is covered by every check that began after it."""
    world = dead(Phase.BAKING)
    assert reconcile(world, START) == {"d2": "rollback started"}
    world.clock.forward(70)
    assert reconcile(world, START + timedelta(seconds=65)) == {"d2": "rollback started"}
    for second in range(60):
        assert reconcile(world, START + timedelta(seconds=second)) == {}


def test_an_event_of_the_second_in_which_a_check_began_causes_another() -> None:
    """Events have whole seconds, so this one may have come after that check had read the deployment."""
    world = dead(Phase.BAKING)
    world.clock.forward(0.9)
    reconcile(world, START)
    world.clock.forward(60)
    assert reconcile(world, START) == {"d2": "rollback started"}


def test_the_schedule_always_checks() -> None:
    """It is the bound, whatever events there were."""
    world = dead(Phase.BAKING)
    reconcile(world)
    world.clock.forward(60)
    assert reconcile(world) == {"d2": "rollback started"}


def test_what_is_due_before_the_end_is_done_too() -> None:
    """Its first end was not told yet when it was rolled back."""
    world = dead(Phase.ROLLING_BACK, unsent=owing(Phase.SUCCEEDED))
    world.workflows.running.add("arn:back")
    assert reconcile(world) == {}
    assert world.notifications.sent == [("d2", Phase.SUCCEEDED)]


def test_an_upload_without_a_deployment_is_started() -> None:
    """Its event was lost; an event about an execution does not look for that."""
    world = a_world()
    world.inbox.known = [Upload("bucket", "incoming/smartpack/prod/a.zip", "v1", 1, START)]
    world.clock.forward(20 * 60)
    assert reconcile(world, world.clock.now()) == {}
    world.clock.forward(1)
    (said,) = reconcile(world).values()
    assert "found without a deployment" in said
    assert len(world.inbox.started) == 1


def test_a_bucket_that_cannot_be_listed_stops_no_rollback() -> None:
    """That is said, so that the task is retried."""
    world = dead(Phase.BAKING)

    def fail(*_: object) -> list[Upload]:
        raise TransientError("no answer")

    world.inbox.uploaded = fail  # type: ignore[method-assign]
    assert reconcile(world) == {"d2": "rollback started", "uploads": "failed: no answer"}


def test_a_deployment_that_waits_rightly_goes_on_waiting() -> None:
    """Nothing is done, nothing is reported."""
    world = a_world()
    on_its_way(world, Phase.BAKING)
    waiting(world)
    assert reconcile(world) == {}


def test_the_one_that_waits_behind_an_abandoned_lock_is_granted_it() -> None:
    """A holder that has ended without releasing the lock does not block the environment for ever."""
    world = a_world()
    on_its_way(world, Phase.REJECTED, unsent={})
    waiting(world)
    assert reconcile(world) == {"d3": "granted"}
    assert world.locks.load(KEY).holder == "d3"
    assert "queue:d3" in world.workflows.answers


@pytest.mark.parametrize("error", [TransientError("throttled"), KeyError("whatever")])
def test_an_error_with_one_does_not_stop_the_others(error: Exception) -> None:
    """This holds for unexpected errors, too."""
    world = dead(Phase.BAKING)
    a_deployment(world, Phase.BAKING, "d0", execution_arn="arn:gone")
    real = world.deployments.get

    def get(deployment_id: str) -> object:
        if deployment_id == "d0":
            raise error
        return real(deployment_id)

    world.deployments.get = get  # type: ignore[method-assign,assignment]
    done = reconcile(world)
    assert done["d2"] == "rollback started"
    assert done["d0"].startswith("failed")


def test_wherever_it_dies_the_next_run_continues() -> None:
    """The schedule starts the next run."""

    def make() -> FakeWorld:
        world = dead(Phase.SUCCEEDED, unsent=owing(Phase.SUCCEEDED))
        waiting(world)
        return world

    def act(world: World) -> None:
        reconcile(world)

    for where, world in dying_everywhere(make, act):
        world.clock.forward(300)
        reconcile(world)
        assert world.locks.load(KEY).holder == "d3", where
        assert world.deployments.get("d2").is_told, where


def test_a_rollback_that_was_stopped_is_started_again_in_the_same_minute() -> None:
    """Each execution that died is replaced at once; only the same one is not replaced twice in a minute."""
    world = a_world()
    on_its_way(world, Phase.ROLLING_BACK, rollback_execution_arn="arn:first")
    world.workflows.running.clear()
    reconcile(world)
    world.clock.forward(1)
    reconcile(world)
    assert len(world.workflows.rollbacks) == 1
    world.clock.forward(1)
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), rollback_execution_arn="arn:second")
    reconcile(world)
    assert len(world.workflows.rollbacks) == 2


def test_a_notification_that_cannot_be_sent_does_not_keep_a_dead_rollback() -> None:
    """Nothing waits for a notification."""
    world = dead(Phase.ROLLING_BACK, unsent=owing(Phase.SUCCEEDED))

    def refuse(deployment: Deployment) -> None:
        raise TransientError(f"sns:Publish for {deployment.deployment_id} got no answer.")

    world.notifications.send = refuse  # type: ignore[method-assign]
    assert reconcile(world) == {"d2": "rollback started"}


def test_the_trouble_of_one_environment_never_stops_another() -> None:
    """The environment cannot be read and nobody takes its notification: for ever, and without any harm elsewhere."""
    world = dead(Phase.BAKING)
    a_deployment(world, Phase.REJECTED, "d0", environment="test", unsent=due(START, Phase.REJECTED, "", ""))

    def refuse(deployment: Deployment) -> None:
        raise AwsError(f"sns:Publish for {deployment.deployment_id} is denied.")

    world.notifications.send = refuse  # type: ignore[method-assign]
    for _ in range(3):
        done = reconcile(world)
        assert done["d2"] == "rollback started"
        assert done["d0"].startswith("failed")
        world.clock.forward(300)
    world.clock.forward(86400)
    assert reconcile(world) == {"d0": "finished", "d2": "rollback started"}


def test_the_same_deployment_is_not_first_at_every_check() -> None:
    """One that takes all the time of the function does not take it from the same others for ever."""
    world, asked = a_world(), []
    for number in range(5):
        a_deployment(world, Phase.BAKING, f"d{number}", execution_arn="")
    real = world.workflows.start_rollback

    def start(deployment_id: str, *about: Any, **more: Any) -> None:  # noqa: ANN401
        asked.append(deployment_id)
        real(deployment_id, *about, **more)

    world.workflows.start_rollback = start  # type: ignore[method-assign]
    for _ in range(10):
        reconcile(world)
        world.clock.forward(300)
    assert len(set(asked[::5])) > 2


def test_an_upload_that_cannot_be_started_does_not_stop_the_next() -> None:
    """It is said, and tried again."""
    world = a_world()
    world.inbox.known = [Upload("bucket", f"incoming/{name}/prod/a.zip", "v1", 1, START) for name in ("bad", "good")]
    real = world.inbox.start

    def start(upload: Upload, name: str) -> bool:
        if "bad" in upload.key:
            raise AwsError("It is refused.")
        return real(upload, name)

    world.inbox.start = start  # type: ignore[method-assign]
    world.clock.forward(20 * 60)
    first, second = reconcile(world).values()
    assert first == "failed: It is refused."
    assert "found without a deployment" in second
