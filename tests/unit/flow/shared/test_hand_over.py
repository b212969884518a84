"""Hand-overs of the lock: each is one write, decided on what holds at that moment, and made wholly or not at all."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from controller.domain.deployment import Deployment, Trip
from controller.domain.lock import Lock, Place
from controller.domain.phases import OPEN, TERMINAL, TOUCHED, UNTOUCHED, Phase
from controller.errors import AwsError, LedgerConflictError, TransientError
from controller.flow.shared.hand_over import (
    TRIES,
    accept,
    ask_for_lock,
    end,
    follow_up,
    is_abandoned,
    reopen,
    tell_granted,
)
from controller.ports.ledger import Expected
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import (
    KEY,
    START,
    a_deployment,
    a_world,
    dying_everywhere,
    failed_rollback,
    on_its_way,
    once,
    succeeded,
    tripped,
    waiting,
)

PERSON = Trip(START, "person", "It broke.")
HERS = {"phases": {Phase.ROLLING_BACK}, "expected": Expected(rollback_execution_arn="arn:back")}


def received() -> FakeWorld:
    """A deployment that has not asked for the lock yet; the environment is free."""
    world = a_world()
    a_deployment(world, Phase.RECEIVED)
    return world


def contested(phase: Phase = Phase.BAKING, **fields: object) -> FakeWorld:
    """A deployment that holds the lock, and one that waits."""
    world = a_world()
    on_its_way(world, phase, **fields)
    waiting(world)
    return world


def state(world: FakeWorld) -> tuple[dict[str, Deployment], Lock]:
    """All that a hand-over may change."""
    return dict(world.deployments.known), world.locks.load(KEY)


def test_the_answer_of_the_lock_and_the_token_of_the_task_are_one_write() -> None:
    """Wherever asking dies: the lock is not taken, or the ledger knows the task that must hear of it."""
    for where, world in dying_everywhere(received, lambda world: ask_for_lock(world, "d2", "token")):
        asked, lock = world.deployments.get("d2"), world.locks.load(KEY)
        found = (asked.phase, asked.queue_tokens, asked.fencing_token, lock.holder, lock.token)
        assert found in {(Phase.RECEIVED, (), 0, "", 0), (Phase.QUEUED, ("token",), 1, "d2", 1)}, where
        assert (asked.lease_until is None) is (not asked.fencing_token), where


def test_asking_again_keeps_the_grant_and_the_lease() -> None:
    """Another attempt of the task is no progress; its token is added to that of the first."""
    world = received()
    ask_for_lock(world, "d2", "one")
    first = world.deployments.get("d2")
    world.clock.forward(600)
    assert ask_for_lock(world, "d2", "two").outcome == "granted"
    assert world.deployments.get("d2") == replace(first, queue_tokens=("one", "two"))
    assert world.locks.load(KEY).token == first.fencing_token


def test_asking_without_a_task_adds_no_token() -> None:
    """The reconciler asks for a deployment whose own task waits already."""
    world = contested()
    ask_for_lock(world, "d3", "")
    assert world.deployments.get("d3").queue_tokens == ("queue:d3",)


@pytest.mark.parametrize("phase", sorted(set(Phase) - UNTOUCHED))
def test_only_what_waits_may_ask(phase: Phase) -> None:
    """A late attempt of a deployment that has gone on, or has ended, gets no lock."""
    world = a_world()
    a_deployment(world, phase)
    before = state(world)
    with pytest.raises(LedgerConflictError, match=f"is {phase}: it does not wait"):
        ask_for_lock(world, "d2", "token")
    assert state(world) == before


def test_a_deployment_that_ends_while_it_asks_gets_no_lock() -> None:
    """The lock is not granted to what was rejected between the read and the write."""
    world = received()
    rejected = {"phase": Phase.REJECTED}
    world.locks.before_save = once(lambda: world.deployments.update("d2", rejected, phases=UNTOUCHED))
    with pytest.raises(LedgerConflictError):
        ask_for_lock(world, "d2", "token")
    assert world.locks.load(KEY).holder == ""


@pytest.mark.parametrize("dead", [None, *sorted(TERMINAL)])
def test_a_holder_that_has_ended_or_does_not_exist_is_replaced(dead: Phase | None) -> None:
    """A table that was restored from a backup may have such a lock; its token still rises."""
    world = received()
    if dead:
        a_deployment(world, dead, "d1")
    world.locks.known[KEY] = Lock(KEY, holder="d1", token=4)
    assert ask_for_lock(world, "d2", "token").outcome == "granted"
    assert world.deployments.get("d2").fencing_token == 5


@pytest.mark.parametrize("phase", sorted(OPEN))
def test_a_holder_that_has_not_ended_is_waited_for(phase: Phase) -> None:
    """Only a deployment that is over loses the lock."""
    world = received()
    a_deployment(world, phase, "d1")
    world.locks.known[KEY] = Lock(KEY, holder="d1", token=4)
    assert ask_for_lock(world, "d2", "token").outcome == "waiting"
    assert not world.deployments.get("d2").fencing_token


def test_one_that_waits_and_has_ended_is_not_superseded_again() -> None:
    """It has its end already, and people were told of that one."""
    world = contested()
    ended = replace(world.deployments.get("d3"), phase=Phase.REJECTED)
    world.deployments.known["d3"] = ended
    a_deployment(world, Phase.RECEIVED, "d4", version="4.0.0")
    assert ask_for_lock(world, "d4", "token").displaced is None
    assert world.deployments.get("d3") == ended


def test_superseding_ends_the_older_one_in_the_same_write() -> None:
    """Wherever it dies, of two that wait one has ended, or the newer one does not wait yet."""

    def make() -> FakeWorld:
        world = contested()
        a_deployment(world, Phase.RECEIVED, "d4", version="4.0.0")
        return world

    for where, world in dying_everywhere(make, lambda world: ask_for_lock(world, "d4", "token")):
        older, newer = world.deployments.get("d3"), world.deployments.get("d4")
        assert (older.phase, newer.phase) in {
            (Phase.QUEUED, Phase.RECEIVED),
            (Phase.SUPERSEDED, Phase.QUEUED),
        }, where
        assert bool(older.unsent) is older.phase.is_terminal, where


def test_a_lock_that_changes_all_the_time_is_a_passing_trouble() -> None:
    """It is decided again many times, and then the task is tried again."""
    world, tries = received(), 0

    def meddle(lock: Lock) -> None:
        nonlocal tries
        tries += 1
        world.locks.known[KEY] = replace(lock, revision=lock.revision + 1)

    world.locks.before_save = meddle
    with pytest.raises(TransientError, match="changes too often"):
        ask_for_lock(world, "d2", "token")
    assert tries == TRIES


ENDS = [(Phase.SUCCEEDED, Phase.BAKING), (Phase.ROLLED_BACK, Phase.ROLLING_BACK)]
ENDS += [(Phase.ROLLBACK_FAILED, Phase.ROLLING_BACK), (Phase.REJECTED, Phase.QUEUED)]


@pytest.mark.parametrize(("ended", "before"), ENDS)
def test_all_of_an_end_is_one_write(ended: Phase, before: Phase) -> None:
    """Its phase, the lock, what is live, the next grant, the version and the notification that is due."""

    def make() -> FakeWorld:
        return contested(before, trip=tripped("judge"), rollback_execution_arn="arn:back")

    states = set()
    for where, world in dying_everywhere(
        make, lambda world: end(world, world.deployments.get("d2"), ended, "So.", "Next.", phases={before})
    ):
        done, next_one, lock = world.deployments.get("d2"), world.deployments.get("d3"), world.locks.load(KEY)
        is_done = done.phase is ended
        states.add(is_done)
        assert is_done or state(world) == state(make()), where
        if is_done:
            held = ended is Phase.ROLLBACK_FAILED
            assert [(one.phase, one.reason, one.next_step) for one in done.unsent.values()] == [(ended, "So.", "Next.")]
            assert done.closed_at == world.clock.now(), where
            assert (lock.holder, lock.waiting, lock.live) == (
                "" if held else "d3",
                None,
                {Phase.SUCCEEDED: "d2"}.get(ended, "d1"),
            ), where
            assert (bool(lock.held), lock.held_by) == (held, "d2" if held else ""), where
            assert next_one.phase is (Phase.REJECTED if held else Phase.QUEUED), where
            assert (next_one.fencing_token, next_one.previous) == ((0, "") if held else (5, lock.live)), where
            assert (next_one.lease_until is None) is held, where
            remembered = None if ended is Phase.REJECTED else ("dd", ended)
            assert world.versions.previous_attempt(KEY, "2.0.0") == remembered, where
    assert states == {False, True}


def trips(world: FakeWorld) -> None:
    """The alarm fires."""
    world.deployments.update("d2", {"trip": tripped()}, phases=OPEN)


def is_claimed(world: FakeWorld) -> None:
    """A rollback begins."""
    world.deployments.update("d2", {"phase": Phase.ROLLING_BACK}, phases=TOUCHED)


@pytest.mark.parametrize("act", [trips, is_claimed])
def test_what_trips_or_is_claimed_at_the_last_moment_does_not_succeed(act: Callable[[FakeWorld], None]) -> None:
    """Not the deployment, not the lock, not the version: nothing of the success is written."""
    world = contested()
    world.locks.before_save = once(lambda: act(world))
    others, lock = world.deployments.get("d3"), world.locks.load(KEY)
    with pytest.raises(LedgerConflictError, match="does not end as SUCCEEDED"):
        end(
            world,
            world.deployments.get("d2"),
            Phase.SUCCEEDED,
            "",
            phases=TOUCHED,
            expected=Expected(untripped=True),
        )
    assert world.deployments.get("d2").phase in {Phase.BAKING, Phase.ROLLING_BACK}
    assert (world.deployments.get("d3"), world.locks.load(KEY)) == (others, lock)
    assert world.versions.previous_attempt(KEY, "2.0.0") is None


def test_a_rollback_that_another_execution_has_claimed_is_not_ended() -> None:
    """The execution that was replaced writes nothing, even if it is replaced between its read and its write."""
    world = contested(Phase.ROLLING_BACK, rollback_execution_arn="arn:back")
    other = {"rollback_execution_arn": "arn:two"}
    world.locks.before_save = once(lambda: world.deployments.update("d2", other, phases=OPEN))
    with pytest.raises(LedgerConflictError):
        end(world, world.deployments.get("d2"), Phase.ROLLED_BACK, "", **HERS)  # type: ignore[arg-type]
    assert (world.deployments.get("d2").phase, world.locks.load(KEY).holder) == (Phase.ROLLING_BACK, "d2")


def test_one_that_waits_and_ends_at_that_moment_is_not_granted_the_lock() -> None:
    """It is decided again, and the lock is free."""
    world = contested()
    gone = {"phase": Phase.REJECTED}
    world.locks.before_save = once(lambda: world.deployments.update("d3", gone, phases=UNTOUCHED))
    assert end(world, world.deployments.get("d2"), Phase.SUCCEEDED, "", phases=TOUCHED) == ["d2"]
    assert (world.locks.load(KEY).holder, world.locks.load(KEY).waiting) == ("", None)
    assert world.deployments.get("d3").fencing_token == 0


def test_what_never_asked_for_the_lock_ends_without_it() -> None:
    """A rejected upload does not compete with the deployments for the lock."""
    world = contested()
    lock = world.locks.load(KEY)
    rejected = a_deployment(world, Phase.RECEIVED, "d4")
    assert end(world, rejected, Phase.REJECTED, "No.", phases=UNTOUCHED) == ["d4"]
    assert world.locks.load(KEY) == lock
    assert len(world.deployments.get("d4").unsent) == 1


def test_what_asks_for_the_lock_while_it_ends_leaves_no_place_behind() -> None:
    """Between the read and the write it was queued: so it ends together with its place."""
    world = a_world()
    on_its_way(world, Phase.BAKING)
    rejected = a_deployment(world, Phase.RECEIVED, "d4")
    world.deployments.before_update = once(lambda: ask_for_lock(world, "d4", "token"))
    end(world, rejected, Phase.REJECTED, "No.", phases=UNTOUCHED)
    assert world.deployments.get("d4").phase is Phase.REJECTED
    assert world.locks.load(KEY).waiting is None


def test_one_that_waits_leaves_the_holder_alone_when_it_ends() -> None:
    """Its place is free again."""
    world = contested()
    assert end(world, world.deployments.get("d3"), Phase.REJECTED, "No.", phases=UNTOUCHED) == ["d3"]
    assert (world.locks.load(KEY).holder, world.locks.load(KEY).waiting) == ("d2", None)


@pytest.mark.parametrize("condemned", [True, False])
def test_only_evidence_condemns_a_version(*, condemned: bool) -> None:
    """After a fault the same version may be released again; after the judge's verdict it may not."""
    world = contested(
        Phase.ROLLING_BACK, rollback_execution_arn="arn:back", trip=tripped("judge" if condemned else "fault")
    )
    end(world, world.deployments.get("d2"), Phase.ROLLED_BACK, "", **HERS)  # type: ignore[arg-type]
    remembered = ("dd", Phase.ROLLED_BACK) if condemned else None
    assert world.versions.previous_attempt(KEY, "2.0.0") == remembered


def test_the_live_release_is_reopened_with_the_lock() -> None:
    """Wherever it dies: it has ended and the lock is free, or it rolls back and holds the lock."""

    def act(world: FakeWorld) -> Deployment | None:
        return reopen(world, world.deployments.get("d2"), "arn:back", PERSON)

    for where, world in dying_everywhere(succeeded, act):  # type: ignore[arg-type]
        found = (world.deployments.get("d2").phase, world.locks.load(KEY).holder)
        assert found in {(Phase.SUCCEEDED, ""), (Phase.ROLLING_BACK, "d2")}, where
    world = succeeded()
    reopened = act(world)
    assert reopened is not None
    assert (reopened.trip, reopened.rollback_execution_arn) == (PERSON, "arn:back")
    assert world.locks.load(KEY).token == 5


def test_what_is_not_live_any_more_is_not_reopened() -> None:
    """What is live would be undone together with it."""
    world = succeeded()
    world.locks.known[KEY] = replace(world.locks.load(KEY), live="d3")
    before = state(world)
    assert reopen(world, world.deployments.get("d2"), "arn:back", PERSON) is None
    assert state(world) == before


def test_nothing_is_reopened_beside_another_deployment() -> None:
    """That one holds the lock."""
    world = succeeded()
    a_deployment(world, Phase.STAGING, "d3")
    world.locks.known[KEY] = replace(world.locks.load(KEY), holder="d3")
    assert reopen(world, world.deployments.get("d2"), "arn:back", PERSON) is None


def test_a_failed_rollback_reopens_the_environment_that_it_holds() -> None:
    """The lock is taken, and the environment stays held until that ends."""
    world = failed_rollback()
    assert reopen(world, world.deployments.get("d2"), "arn:two", PERSON)
    assert (world.locks.load(KEY).holder, world.locks.load(KEY).held_by) == ("d2", "d2")


def test_the_live_release_is_not_reopened_while_another_holds_the_environment() -> None:
    """What visitors get is of the one whose rollback failed, in part."""
    world = failed_rollback()
    assert world.locks.load(KEY).live == "d1"
    assert reopen(world, world.deployments.get("d1"), "arn:two", PERSON) is None


def test_an_accepted_failure_is_not_reopened() -> None:
    """A person has said that the environment is right as it is."""
    world = failed_rollback()
    assert accept(world, world.deployments.get("d2"))
    before = state(world)
    assert reopen(world, world.deployments.get("d2"), "arn:two", PERSON) is None
    assert state(world) == before


def test_of_two_that_reopen_at_once_one_does() -> None:
    """The other is told that it may not."""
    world = succeeded()
    world.locks.before_save = once(lambda: reopen(world, world.deployments.get("d2"), "arn:one", PERSON))
    assert reopen(world, world.deployments.get("d2"), "arn:two", PERSON) is None
    assert world.deployments.get("d2").rollback_execution_arn == "arn:one"
    assert world.locks.load(KEY).token == 5


def test_a_reopening_whose_answer_was_lost_is_recognised() -> None:
    """The write was made, and the call is retried by the same execution."""
    world = succeeded()
    ended = world.deployments.get("d2")
    reopen(world, ended, "arn:back", PERSON)
    again = reopen(world, ended, "arn:back", PERSON)
    assert again is not None
    assert again.phase is Phase.ROLLING_BACK
    assert world.locks.load(KEY).token == 5


def test_the_release_whose_failure_was_accepted_is_live() -> None:
    """What visitors get is of it, in part: so the next release counts from there, and nothing before it is live."""
    world = failed_rollback()
    assert accept(world, world.deployments.get("d2"))
    lock = world.locks.load(KEY)
    assert (lock.live, lock.held, lock.held_by) == ("d2", "", "")
    assert reopen(world, world.deployments.get("d1"), "arn:two", PERSON) is None


@pytest.mark.parametrize("changes", [{"held_by": "d1"}, {"held": "", "held_by": ""}, {"holder": "d2"}])
def test_only_what_holds_the_environment_now_is_accepted(changes: dict[str, str]) -> None:
    """Another one holds it, nothing holds it, or it is being rolled back again."""
    world = failed_rollback()
    world.locks.known[KEY] = before = replace(world.locks.load(KEY), **changes)  # type: ignore[arg-type]
    assert not accept(world, world.deployments.get("d2"))
    assert world.locks.load(KEY) == before


def test_every_waiting_attempt_hears_of_the_grant() -> None:
    """Nobody knows which of them the execution still waits for."""
    world = a_world()
    tell_granted(world, on_its_way(world, Phase.QUEUED, queue_tokens=("one", "two")))
    assert {token: answer["outcome"] for token, answer in world.workflows.answers.items()} == {  # type: ignore[index]
        "one": "granted",
        "two": "granted",
    }


def test_trouble_with_one_does_not_keep_the_others_from_hearing() -> None:
    """What follows from a hand-over is done as far as it goes; the reconciler does the rest."""
    world = a_world()
    a_deployment(world, Phase.REJECTED, "d1")
    on_its_way(world, Phase.QUEUED, queue_tokens=("token",))

    def finish(*_: object) -> None:
        raise AwsError("no")

    follow_up(world, ["ghost", "d1", "d2"], finish)
    assert "token" in world.workflows.answers


def test_one_that_still_waits_hears_nothing() -> None:
    """It holds no token of the lock."""
    world = contested()
    follow_up(world, ["d3"], lambda *_: None)
    assert world.workflows.answers == {}


@pytest.mark.parametrize(("holder", "abandoned"), [("", True), ("ghost", True), ("d1", True), ("d2", False)])
def test_a_lock_is_abandoned_without_an_open_holder(holder: str, *, abandoned: bool) -> None:
    """Nobody will release it."""
    world = a_world()
    on_its_way(world, Phase.BAKING)
    world.locks.known[KEY] = Lock(KEY, holder=holder, waiting=Place("d3", "2"))
    assert is_abandoned(world, KEY) is abandoned


def test_a_release_is_reopened_although_one_that_changed_nothing_came_after_it() -> None:
    """The same bundle was uploaded twice: what brought the change is what can be undone."""
    world = succeeded()
    live = world.deployments.get("d2")
    again = replace(live, deployment_id="d3", previous="d2", restore_point=live.staged)
    world.deployments.known["d3"] = again
    world.locks.known[KEY] = replace(world.locks.load(KEY), live="d3")
    assert reopen(world, world.deployments.get("d2"), "arn:back", PERSON) is not None
    assert world.locks.load(KEY).holder == "d2"


def test_a_recovery_that_holds_the_environment_lets_nothing_be_reopened() -> None:
    """What is live is being written; and an older release that is recovered is not live."""
    for live in ("d2", "d3"):
        world = succeeded()
        held = replace(world.locks.load(KEY), live=live, held="A recovery is running.", held_by="d2")
        world.locks.known[KEY] = held
        assert reopen(world, world.deployments.get("d2"), "arn:back", PERSON) is None
        assert world.locks.load(KEY) == held
