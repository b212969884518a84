"""Reconcile: every way in which an execution can die; running ones are left alone."""

from dataclasses import replace
from typing import Any

import pytest

from controller.domain.phases import MOVING, OPEN, TERMINAL, Phase
from controller.errors import TransientError
from controller.flow.reconcile import MOST_ATTEMPTS, reconcile
from controller.ports.world import World
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import KEY, a_deployment, a_world, dying_everywhere, on_its_way, waiting


def dead(phase: Phase, **fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A deployment in this phase, whose execution no longer runs."""
    world = a_world()
    on_its_way(world, phase, rollback_execution_arn="arn:back", **fields)
    world.workflows.running.clear()
    return world


@pytest.mark.parametrize("phase", sorted(OPEN))
def test_a_deployment_without_an_execution_is_rolled_back(phase: Phase) -> None:
    """It does not matter whether it was stopped, timed out or broke."""
    world = dead(phase)
    assert reconcile(world) == {"d2": "rollback started"}
    assert list(world.workflows.rollbacks.values()) == ["d2"]


@pytest.mark.parametrize("phase", sorted(MOVING - {Phase.QUEUED}))
def test_a_running_deployment_is_left_alone(phase: Phase) -> None:
    """Its execution runs, so the reconciler does nothing."""
    world = a_world()
    on_its_way(world, phase)
    assert reconcile(world) == {}


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
    """The notification, the lock and the rest, once."""
    world = dead(phase, notification="pending")
    assert reconcile(world) == {"d2": "finished"}
    assert reconcile(world) == {}
    assert world.notifications.sent == [("d2", phase)]
    assert world.locks.load(KEY).holder == ""


def test_the_task_that_has_just_ended_it_may_finish_it() -> None:
    """A reconciler that ran in between would notify people a second time."""
    world = dead(Phase.SUCCEEDED, notification="pending", closed_at=START)
    world.clock.forward(59)
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


def test_it_is_given_up_after_some_attempts() -> None:
    """People are notified, and the environment is held."""
    world = dead(Phase.ROLLING_BACK, rollback_attempts=MOST_ATTEMPTS)
    assert reconcile(world) == {"d2": "given up"}
    assert world.deployments.get("d2").phase is Phase.ROLLBACK_FAILED
    assert world.notifications.sent == [("d2", Phase.ROLLBACK_FAILED)]
    assert world.locks.load(KEY).held


def test_a_lost_grant_is_given_again() -> None:
    """The task that released the lock died before it answered."""
    world = a_world()
    on_its_way(world, Phase.QUEUED, queue_tokens=("token",))
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), fencing_token=0)
    assert reconcile(world) == {"d2": "granted"}
    assert "token" in world.workflows.answers
    assert world.deployments.get("d2").fencing_token == 4


def test_a_superseded_deployment_without_an_answer_gets_one() -> None:
    """The task that displaced it died before it answered."""
    world = a_world()
    on_its_way(world, Phase.BAKING)
    a_deployment(world, Phase.QUEUED, "d0", version="0.9.0", queue_tokens=("token",))
    assert reconcile(world) == {"d0": "superseded"}
    assert "token" in world.workflows.answers


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
    reconcile(world)
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
        world = dead(Phase.SUCCEEDED, notification="pending")
        waiting(world)
        return world

    def act(world: World) -> None:
        reconcile(world)

    for where, world in dying_everywhere(make, act):
        reconcile(world)
        assert world.locks.load(KEY).holder == "d3", where
        assert world.deployments.get("d2").notification == "sent", where
