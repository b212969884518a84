"""Wait for lock: the newest gets it next, and no deployment waits for ever."""

from dataclasses import replace

import pytest

from controller.domain.phases import UNTOUCHED, Phase
from controller.flow.reconcile import reconcile
from controller.flow.shared.closure import close
from controller.flow.wait_for_lock import settle, wait_for_lock
from controller.ports.world import World
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import (
    KEY,
    a_deployment,
    a_world,
    dying_everywhere,
    on_its_way,
    once,
    waiting,
)


def outcome(world: FakeWorld, token: str) -> object:
    """The answer that the waiting execution got."""
    answer = world.workflows.answers.get(token)
    return answer["outcome"] if isinstance(answer, dict) else answer


def test_a_free_environment_is_granted_at_once() -> None:
    """The execution continues, and the ledger has the fencing token."""
    world = a_world()
    a_deployment(world, Phase.RECEIVED)
    wait_for_lock(world, "d2", "token")
    assert outcome(world, "token") == "granted"
    assert world.deployments.get("d2").fencing_token == world.locks.load(KEY).token == 1


def test_the_second_deployment_waits() -> None:
    """Its token is not answered yet."""
    world = a_world()
    on_its_way(world, Phase.BAKING)
    a_deployment(world, Phase.RECEIVED, "d3", version="3.0.0")
    wait_for_lock(world, "d3", "token")
    assert outcome(world, "token") is None
    assert (world.deployments.get("d3").phase, world.deployments.get("d3").queue_tokens) == (Phase.QUEUED, ("token",))


def test_the_newest_supersedes_the_one_that_waited() -> None:
    """The older one ends, and its execution gets that answer."""
    world = a_world()
    on_its_way(world, Phase.BAKING)
    waiting(world)
    a_deployment(world, Phase.RECEIVED, "d4", version="4.0.0")
    wait_for_lock(world, "d4", "token")
    assert outcome(world, "queue:d3") == "superseded"
    assert world.deployments.get("d3").phase is Phase.SUPERSEDED
    assert "4.0.0" in world.deployments.get("d3").reason
    assert world.locks.load(KEY).waiting is not None


def test_an_older_release_that_asks_late_is_superseded() -> None:
    """Events may come in any order."""
    world = a_world()
    on_its_way(world, Phase.BAKING)
    a_deployment(world, Phase.RECEIVED, "d0", version="0.9.0")
    wait_for_lock(world, "d0", "token")
    assert outcome(world, "token") == "superseded"
    assert world.notifications.sent == [("d0", Phase.SUPERSEDED)]


def test_a_held_environment_rejects_with_advice() -> None:
    """The next step says what to do first."""
    world = a_world()
    world.locks.known[KEY] = replace(world.locks.load(KEY), held="The rollback of d1 failed.", held_by="d1")
    a_deployment(world, Phase.RECEIVED)
    wait_for_lock(world, "d2", "token")
    assert outcome(world, "token") == "rejected"
    assert "d1 failed" in world.deployments.get("d2").reason
    assert "`selfright rollback d1`" in world.deployments.get("d2").next_step


def test_asking_twice_answers_both_attempts() -> None:
    """A retried state has another token, and nobody knows for which one the execution waits."""
    world = a_world()
    a_deployment(world, Phase.RECEIVED)
    wait_for_lock(world, "d2", "one")
    wait_for_lock(world, "d2", "two")
    assert (outcome(world, "one"), outcome(world, "two")) == ("granted", "granted")
    assert world.locks.load(KEY).token == 1


@pytest.mark.parametrize(("phase", "said"), [(Phase.SUPERSEDED, "superseded"), (Phase.REJECTED, "rejected")])
def test_asking_again_after_the_end_is_answered(phase: Phase, said: str) -> None:
    """The first call died after it had ended the deployment: the second answers the execution."""
    world = a_world()
    a_deployment(world, phase, unsent={})
    wait_for_lock(world, "d2", "token")
    assert outcome(world, "token") == said


@pytest.mark.parametrize("phase", sorted(set(Phase) - UNTOUCHED - {Phase.SUPERSEDED, Phase.REJECTED}))
def test_asking_late_gets_nothing(phase: Phase) -> None:
    """It has gone on or ended; the lock stays as it is, and the token is not needed."""
    world = a_world()
    before = a_deployment(world, phase)
    wait_for_lock(world, "d2", "token")
    assert (world.deployments.get("d2"), world.locks.load(KEY).holder) == (before, "")
    assert outcome(world, "token") is None


def test_an_abandoned_lock_is_taken_by_the_next_request() -> None:
    """Its holder has ended, so nobody will release it."""
    world = a_world()
    on_its_way(world, Phase.REJECTED, unsent={})
    a_deployment(world, Phase.RECEIVED, "d3", version="3.0.0")
    wait_for_lock(world, "d3", "token")
    assert outcome(world, "token") == "granted"


def test_wherever_asking_dies_it_can_be_done_again() -> None:
    """At every call: asking again leads every deployment to an answer, and to one notification."""

    def make() -> FakeWorld:
        world = a_world()
        on_its_way(world, Phase.BAKING)
        waiting(world)
        a_deployment(world, Phase.RECEIVED, "d4", version="4.0.0")
        return world

    def act(world: World) -> None:
        wait_for_lock(world, "d4", "token")

    for where, world in dying_everywhere(make, act):
        act(world)
        world.clock.forward(300)
        reconcile(world)
        assert world.deployments.get("d3").phase is Phase.SUPERSEDED, where
        assert outcome(world, "queue:d3") == "superseded", where
        sent = world.notifications.sent.count(("d3", Phase.SUPERSEDED))
        assert sent == 1 or (sent == 2 and where in {"after notifications.send", "at deployments.update"}), where
        close(world, "d2", Phase.SUCCEEDED, "")
        assert outcome(world, "token") == "granted", where


def test_a_lost_race_for_the_lock_is_decided_again() -> None:
    """The lock was saved in between: the decision is made again on its new state."""
    world = a_world()
    a_deployment(world, Phase.RECEIVED)
    a_deployment(world, Phase.BAKING, "d1")
    faster = replace(world.locks.load(KEY), holder="d1", revision=7)
    world.locks.before_save = once(lambda: world.locks.known.update({KEY: faster}))
    wait_for_lock(world, "d2", "token")
    assert outcome(world, "token") is None
    assert world.locks.load(KEY).holder == "d1"


def test_a_holder_that_was_not_told_is_told_again() -> None:
    """The function that granted it the lock died before it answered."""
    world = a_world()
    holder = on_its_way(world, Phase.QUEUED, queue_tokens=("one", "two"))
    assert settle(world, holder) == ""
    assert (outcome(world, "one"), outcome(world, "two")) == ("granted", "granted")
    assert world.deployments.get("d2") == holder


def test_one_that_waits_rightly_is_not_told() -> None:
    """Its holder is on its way."""
    world = a_world()
    on_its_way(world, Phase.BAKING)
    assert settle(world, waiting(world)) == ""
    assert world.workflows.answers == {}


def test_one_that_waits_for_nobody_asks_again() -> None:
    """In a ledger from a backup, the lock may name a holder that does not exist."""
    world = a_world()
    on_its_way(world, Phase.BAKING)
    last = waiting(world)
    del world.deployments.known["d2"]
    assert settle(world, last) == "granted"
    assert outcome(world, "queue:d3") == "granted"
