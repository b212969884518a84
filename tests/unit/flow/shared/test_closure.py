"""Ending a deployment: once, whole, and with one notification, wherever it dies in between."""

from dataclasses import replace

import pytest

from controller.domain.deployment import Deployment, Unsent
from controller.domain.phases import OPEN, TERMINAL, UNTOUCHED, Phase
from controller.errors import LedgerConflictError, TransientError, UnsendableError
from controller.flow.reconcile import reconcile
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.rollback.close import close_rollback
from controller.flow.shared.closure import CLAIM, answer, close, finish, reject
from controller.ports.world import World
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import (
    ALARM,
    KEY,
    a_deployment,
    a_world,
    dying_everywhere,
    messages,
    moving,
    on_its_way,
    owing,
    roll_back,
    tripped,
    waiting,
)

BUSY = OPEN - UNTOUCHED


def busy(phase: Phase = Phase.BAKING) -> FakeWorld:
    """One deployment that holds the lock, one that waits."""
    world = a_world()
    on_its_way(world, phase, trip=tripped("judge") if phase is Phase.ROLLING_BACK else None)
    waiting(world)
    world.guards.open("d2", [ALARM])
    return world


def test_the_end_is_written_and_one_notification_is_sent() -> None:
    """Phase, reason, next step and time are in the ledger; people are notified once."""
    world = busy()
    ended = close(world, "d2", Phase.SUCCEEDED, "Fine.", "Nothing.")
    assert (ended.phase, ended.reason, ended.next_step) == (Phase.SUCCEEDED, "Fine.", "Nothing.")
    assert ended.closed_at == world.clock.now()
    assert world.notifications.sent == [("d2", Phase.SUCCEEDED)]
    assert world.deployments.get("d2").is_told


def test_the_lock_is_released_to_the_next_deployment() -> None:
    """The deployment that waits is granted the lock, and gets what is live now as its previous one."""
    world = busy()
    close(world, "d2", Phase.SUCCEEDED, "")
    assert (world.locks.load(KEY).holder, world.locks.load(KEY).live) == ("d3", "d2")
    assert (world.deployments.get("d3").fencing_token, world.deployments.get("d3").previous) == (5, "d2")
    assert world.workflows.answers["queue:d3"]["outcome"] == "granted"  # type: ignore[index]


def test_after_a_rollback_the_release_before_is_live_again() -> None:
    """The next deployment's `previous` is the one that serves."""
    world = busy(Phase.ROLLING_BACK)
    close(world, "d2", Phase.ROLLED_BACK, "It broke.")
    assert world.locks.load(KEY).live == "d1"
    assert world.versions.previous_attempt(KEY, "2.0.0") == ("dd", Phase.ROLLED_BACK)


def test_a_failed_rollback_holds_the_environment_and_rejects_the_one_that_waits() -> None:
    """No release may begin while the environment is broken, and none waits in vain."""
    world = busy(Phase.ROLLING_BACK)
    close(world, "d2", Phase.ROLLBACK_FAILED, "It stayed broken.")
    assert world.locks.load(KEY).held
    assert world.deployments.get("d3").phase is Phase.REJECTED
    assert world.workflows.answers["queue:d3"]["outcome"] == "rejected"  # type: ignore[index]
    assert world.notifications.sent == [("d2", Phase.ROLLBACK_FAILED), ("d3", Phase.REJECTED)]


def test_one_that_waits_and_has_ended_is_not_refused() -> None:
    """It has its end, and people were told of that one."""
    world = busy(Phase.ROLLING_BACK)
    world.deployments.update("d3", {"phase": Phase.SUPERSEDED}, phases=UNTOUCHED)
    close(world, "d2", Phase.ROLLBACK_FAILED, "It stayed broken.")
    assert world.notifications.sent == [("d2", Phase.ROLLBACK_FAILED)]
    assert world.deployments.get("d3").phase is Phase.SUPERSEDED


def test_the_guards_are_closed() -> None:
    """An alarm that fires later does not find the deployment."""
    world = busy()
    close(world, "d2", Phase.SUCCEEDED, "")
    assert not world.guards.pairs


def test_a_deployment_can_end_without_its_environment() -> None:
    """A deployment to an unknown environment is rejected like any other."""
    world = a_world()
    world.environments.known.clear()
    reject(world, a_deployment(world, Phase.RECEIVED), "Unknown.", "Register it.")
    assert world.notifications.sent == [("d2", Phase.REJECTED)]


@pytest.mark.parametrize("phase", sorted(BUSY))
def test_only_what_is_untouched_is_rejected(phase: Phase) -> None:
    """`REJECTED` promises that nothing was touched."""
    world = a_world()
    deployment = on_its_way(world, phase)
    with pytest.raises(LedgerConflictError):
        reject(world, deployment, "No.", "Next.")
    assert not world.notifications.sent


def test_ending_twice_notifies_once() -> None:
    """The same end again finds nothing left to do."""
    world = busy()
    close(world, "d2", Phase.SUCCEEDED, "")
    close(world, "d2", Phase.SUCCEEDED, "")
    assert world.notifications.sent == [("d2", Phase.SUCCEEDED)]
    assert world.deployments.kinds("d2") == ["closed"]


@pytest.mark.parametrize("ended", sorted(TERMINAL - {Phase.SUCCEEDED}))
def test_what_ended_otherwise_stays_so(ended: Phase) -> None:
    """There is one end."""
    world = a_world()
    a_deployment(world, ended)
    with pytest.raises(LedgerConflictError):
        close(world, "d2", Phase.SUCCEEDED, "")


def death(phase: Phase) -> list[tuple[str, FakeWorld]]:
    """Every world in which the closing died somewhere."""
    start = Phase.ROLLING_BACK if phase in {Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED} else Phase.BAKING

    def act(world: World) -> None:
        close(world, "d2", phase, "So it ended.")

    return list(dying_everywhere(lambda: busy(start), act))


@pytest.mark.parametrize("phase", [Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED])
@pytest.mark.parametrize("how", ["again", "reconcile"])
def test_it_is_finished_wherever_it_died(phase: Phase, how: str) -> None:
    """Running again, or the reconciler, does what was left: the lock, the guards, the version, and one notification."""
    deaths = death(phase)
    assert len(deaths) > 20
    for where, world in deaths:
        if how == "again" or world.deployments.get("d2").phase is not phase:
            close(world, "d2", phase, "So it ended.")
        world.clock.forward(300)
        reconcile(world)
        notifications = [sent for sent in world.notifications.sent if sent[0] == "d2"]
        repeated = {
            "after notifications.send",
            "at deployments.update",
        }  # It died between sending and noting that.
        assert len(notifications) == 1 or (len(notifications) == 2 and where in repeated), where
        assert world.deployments.get("d2").is_told, where
        assert world.locks.load(KEY).holder == ("" if phase is Phase.ROLLBACK_FAILED else "d3"), where
        assert bool(world.locks.load(KEY).held) is (phase is Phase.ROLLBACK_FAILED), where
        assert world.deployments.get("d3").phase is (Phase.REJECTED if world.locks.load(KEY).held else Phase.QUEUED)
        assert "queue:d3" in world.workflows.answers, where
        assert not world.guards.pairs, where
        assert world.versions.previous_attempt(KEY, "2.0.0") == ("dd", phase), where


def test_nothing_is_left_to_do_once_the_notification_is_sent() -> None:
    """`finish` may be called for any deployment."""
    world = a_world()
    finish(world, a_deployment(world, Phase.SUCCEEDED, unsent={}))
    assert not world.notifications.sent


def test_of_two_that_finish_at_once_one_sends() -> None:
    """The other finds the notification claimed."""
    world = a_world()
    owed = a_deployment(world, Phase.SUCCEEDED, unsent=owing(Phase.SUCCEEDED))
    real = world.notifications.send

    def send(deployment: Deployment) -> None:
        finish(world, owed)
        real(deployment)

    world.notifications.send = send  # type: ignore[method-assign]
    finish(world, owed)
    assert world.notifications.sent == [("d2", Phase.SUCCEEDED)]
    assert not world.deployments.get("d2").unsent


def test_what_cannot_be_sent_is_sent_by_the_reconciler() -> None:
    """The deployment has ended meanwhile, and the claim of the one that failed expires."""
    world = busy()
    real, world.notifications.send = world.notifications.send, failing  # type: ignore[method-assign]
    assert close(world, "d2", Phase.SUCCEEDED, "").phase is Phase.SUCCEEDED
    assert world.locks.load(KEY).holder == "d3"
    assert world.deployments.get("d2").unsent
    world.notifications.send = real  # type: ignore[method-assign]
    world.clock.forward(CLAIM.total_seconds() - 1)
    reconcile(world)
    assert world.notifications.sent == []
    world.clock.forward(2)
    reconcile(world)
    reconcile(world)
    assert world.notifications.sent == [("d2", Phase.SUCCEEDED)]


def failing(_: Deployment) -> None:
    """Nothing can be sent."""
    raise TransientError("SNS gives no answer")


def test_a_live_release_can_be_rolled_back_although_nobody_was_told_of_its_end() -> None:
    """Both ends are told then, each as it was."""
    world = moving(weight=100)
    real, world.notifications.send = world.notifications.send, failing  # type: ignore[method-assign]
    close(world, "d2", Phase.SUCCEEDED, "")
    world.clock.forward(60)
    assert roll_back(world) == "ROLLED_BACK"
    world.notifications.send = real  # type: ignore[method-assign]
    world.clock.forward(300)
    reconcile(world)
    assert world.notifications.sent == [("d2", Phase.SUCCEEDED), ("d2", Phase.ROLLED_BACK)]


def test_all_that_is_unsent_is_sent_with_its_own_words() -> None:
    """An earlier end keeps its phase, its reason and its next step."""
    world = a_world()
    unsent = {"1": Unsent(Phase.SUCCEEDED, "Fine.", ""), "2": Unsent(Phase.ROLLED_BACK, "It broke.", "Correct it.")}
    told: list[tuple[Phase, str, str]] = []
    world.notifications.send = lambda one: told.append((one.phase, one.reason, one.next_step))  # type: ignore[method-assign]
    finish(world, a_deployment(world, Phase.ROLLED_BACK, unsent=unsent, reason="It broke."))
    assert told == [(Phase.SUCCEEDED, "Fine.", ""), (Phase.ROLLED_BACK, "It broke.", "Correct it.")]
    assert world.deployments.get("d2").is_told


def test_what_is_due_before_the_end_is_sent_and_closes_no_guard() -> None:
    """A rollback that waits tells people so; its alarms still guard it."""
    world = busy(Phase.ROLLING_BACK)
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), unsent=owing(Phase.ROLLING_BACK))
    finish(world, world.deployments.get("d2"))
    assert world.notifications.sent == [("d2", Phase.ROLLING_BACK)]
    assert world.guards.pairs


@pytest.mark.parametrize("phase", [Phase.REJECTED, Phase.SUPERSEDED])
def test_every_waiting_attempt_hears_of_the_refusal(phase: Phase) -> None:
    """Also one whose token came after the end."""
    world = a_world()
    answer(world, a_deployment(world, phase, queue_tokens=("one", "two")), "late")
    assert {token: said["outcome"] for token, said in world.workflows.answers.items()} == dict.fromkeys(  # type: ignore[index]
        ("one", "two", "late"), phase.lower()
    )


@pytest.mark.parametrize("phase", [Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED])
def test_what_had_the_lock_answers_no_waiting_task(phase: Phase) -> None:
    """Its task for the lock was answered long ago."""
    world = a_world()
    answer(world, a_deployment(world, phase, queue_tokens=("one",)))
    assert world.workflows.answers == {}


def test_what_never_came_as_far_as_traffic_is_not_marked() -> None:
    """No visitor got anything of a rejected release, or of one that failed while it was staged."""
    world = a_world()
    a_deployment(world, Phase.RECEIVED, "d0")
    on_its_way(world, Phase.STAGING, steps=())
    close(world, "d0", Phase.REJECTED, "It is no bundle.")
    begin_rollback(world, "d2", "arn:rollback", "check", "It is unhealthy.")
    close_rollback(world, "d2", "", "arn:rollback")
    assert world.markers.made == []


@pytest.mark.parametrize(("days", "error"), [(0, UnsendableError("It is refused.")), (1, TransientError("No answer."))])
def test_a_notification_that_nobody_takes_is_given_up(days: int, error: Exception) -> None:
    """At once when the message itself is refused, else after a day; the timeline says it, and nothing fails then."""
    world = busy()

    def refuse(_: Deployment) -> None:
        raise error

    world.notifications.send = refuse  # type: ignore[method-assign]
    close(world, "d2", Phase.SUCCEEDED, "So it ended.")
    assert bool(world.deployments.get("d2").unsent) is bool(days)
    world.clock.forward(days * 86400 + 1)
    reconcile(world)
    assert world.deployments.get("d2").is_told
    assert messages(world, "unsent") == [f"Nobody was told that it is SUCCEEDED: {error}"]


def test_what_cannot_be_told_first_does_not_keep_the_rest_from_being_told() -> None:
    """Each notification is on its own, and the trouble is still said."""
    world = a_world()
    both = {**owing(Phase.SUCCEEDED), "later": Unsent(Phase.ROLLED_BACK, "Then.", "")}
    owed, real = a_deployment(world, Phase.ROLLED_BACK, unsent=both), world.notifications.send

    def send(deployment: Deployment) -> None:
        if deployment.phase is Phase.SUCCEEDED:
            raise TransientError("No answer.")
        real(deployment)

    world.notifications.send = send  # type: ignore[method-assign]
    with pytest.raises(TransientError):
        finish(world, owed)
    assert world.notifications.sent == [("d2", Phase.ROLLED_BACK)]
    assert list(world.deployments.get("d2").unsent) == list(owing(Phase.SUCCEEDED))
