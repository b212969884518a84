"""The lock: in any order of events there is one holder, the newest waits, and no deployment is forgotten."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.lock import Lock, LockAnswer, Outcome, Place, ask, order_of, release, retake

FREE = Lock("smartpack/prod")
OLD, NEW, NEWEST = Place("old", "1"), Place("new", "2"), Place("newest", "3")


def asked(*places: Place) -> Lock:
    """The lock after these deployments asked, one after the other."""
    lock = FREE
    for place in places:
        lock = ask(lock, place).lock
    return lock


def test_a_free_environment_is_granted_at_once() -> None:
    """The first to ask holds the lock and the first fencing token."""
    answer = ask(FREE, OLD)
    assert answer.outcome == "granted"
    assert (answer.lock.holder, answer.lock.token) == ("old", 1)


def test_a_second_deployment_waits() -> None:
    """The holder keeps the lock."""
    answer = ask(asked(OLD), NEW)
    assert answer.outcome == "waiting"
    assert (answer.lock.holder, answer.lock.waiting) == ("old", NEW)


def test_the_newest_displaces_a_waiting_deployment() -> None:
    """Only the newest release waits."""
    answer = ask(asked(OLD, NEW), NEWEST)
    assert (answer.outcome, answer.displaced, answer.lock.waiting) == ("waiting", NEW, NEWEST)


def test_an_older_upload_that_asks_late_is_superseded() -> None:
    """Events may arrive in any order; the older release must not win by being late."""
    assert ask(asked(OLD, NEWEST), NEW).outcome == "superseded"
    assert ask(asked(NEW), OLD).outcome == "superseded"
    freed, _ = release(asked(NEW), "new")
    assert ask(freed, OLD).outcome == "superseded"


@pytest.mark.parametrize("place", [OLD, NEW])
def test_asking_again_changes_nothing(place: Place) -> None:
    """A retried task may ask again."""
    lock = asked(OLD, NEW)
    again = ask(lock, place)
    assert again.lock == lock
    assert again.displaced is None


def test_the_next_holder_gets_a_new_token() -> None:
    """So late writes of the former holder, with its old token, can be refused."""
    lock, waiting = release(asked(OLD, NEW), "old")
    assert waiting == NEW
    assert (lock.holder, lock.token, lock.waiting) == ("new", 2, None)


def test_a_deployment_that_stops_waiting_leaves_the_holder() -> None:
    """When a waiting deployment ends, only its place is freed."""
    lock, affected = release(asked(OLD, NEW), "new")
    assert (lock.holder, lock.waiting, affected) == ("old", None, None)


def test_only_the_holder_can_release_the_lock() -> None:
    """A second release, or one by another deployment, changes nothing."""
    lock = asked(OLD, NEW)
    assert release(lock, "stranger") == (lock, None)


def test_a_failed_rollback_holds_the_environment() -> None:
    """No deployment may start in a broken environment; the waiting one is refused."""
    lock, refused = release(asked(OLD, NEW), "old", hold="It broke.")
    assert refused == NEW
    assert (lock.holder, lock.waiting, lock.held) == ("", None, "It broke.")
    assert ask(lock, NEWEST).outcome == "held"


def test_a_rollback_can_take_the_lock_of_a_held_environment() -> None:
    """A rollback that a user starts needs the lock; the environment is free when it ends, and not before."""
    held, _ = release(asked(OLD), "old", hold="It broke.")
    taken = retake(held, "old", failed=True)
    assert taken is not None
    assert (taken.holder, taken.token) == ("old", 2)
    assert ask(taken, NEW).outcome == "held"
    freed, _ = release(taken, "old", live="before")
    assert (freed.live, freed.held_by) == ("before", "")
    assert ask(freed, NEW).outcome == "granted"


def test_a_rollback_cannot_take_the_lock_of_another_deployment() -> None:
    """A rollback does not start while another deployment is running, even that of the live release."""
    assert retake(replace(asked(OLD), live="new"), "new") is None
    assert retake(replace(FREE, live="new"), "old") is None


def test_a_rollback_of_the_live_release_takes_the_lock() -> None:
    """Its token rises, so nothing of the deployment that made it live is fresh any more."""
    live, _ = release(asked(OLD), "old", live="old")
    taken = retake(live, "old")
    assert taken is not None
    assert (taken.holder, taken.token, taken.live) == ("old", 2, "old")


def test_a_held_environment_gives_the_lock_to_nobody_else() -> None:
    """Not even to the release that counts as live."""
    held, _ = release(replace(asked(OLD), live="before"), "old", hold="It broke.")
    assert retake(held, "before") is None


def test_uploads_are_ordered_by_time_then_version() -> None:
    """S3's times have whole seconds; within one, 1.10.0 is later than 1.9.0."""
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    orders = [order_of(at, "1.9.0"), order_of(at, "1.10.0"), order_of(at + timedelta(seconds=1), "0.1.0")]
    assert orders == sorted(orders)
    assert len(set(orders)) == len(orders)


def test_of_two_uploads_with_the_same_order_the_later_to_ask_is_the_newer() -> None:
    """Their names do not decide which one is superseded."""
    held = ask(FREE, Place("first", "same")).lock
    waiting = ask(held, Place("b", "same"))
    assert waiting.outcome == "waiting"
    answer = ask(waiting.lock, Place("a", "same"))
    assert (answer.outcome, answer.displaced) == ("waiting", Place("b", "same"))


class Deployments:
    """Many deployments and one lock: does what the flow would do, and records each deployment's outcome."""

    def __init__(self) -> None:
        self.lock = FREE
        self.told: dict[int, Outcome] = {}
        self.granted: list[int] = []
        self.ended: set[int] = set()

    def ask(self, number: int) -> None:
        """A deployment asks, for the first time or again."""
        if number in self.ended:
            return  # The ledger keeps a deployment that has ended from asking again.
        answer = ask(self.lock, Place(str(number), f"{number:03}"))
        self._save(answer.lock)
        self._record(number, answer)

    def release(self, number: int) -> None:
        """A deployment ends, or reports its end again."""
        lock, handed_to = release(self.lock, str(number), live=str(number))
        self._save(lock)
        if self.told.get(number) in {"granted", "waiting"}:
            self.ended.add(number)
        if handed_to:
            self._grant(int(handed_to.deployment_id))

    def retake(self, number: int) -> None:
        """A user rolls back a deployment that has ended."""
        taken = retake(self.lock, str(number)) if number in self.ended else None
        if taken:
            self._save(taken)

    def _record(self, number: int, answer: LockAnswer) -> None:
        if answer.displaced:
            displaced = int(answer.displaced.deployment_id)
            assert displaced < number, "a newer deployment was displaced by an older one"
            self.told[displaced] = "superseded"
            self.ended.add(displaced)
        if answer.outcome == "granted" and self.told.get(number) != "granted":
            self._grant(number)
        self.told[number] = answer.outcome
        if answer.outcome == "superseded":
            self.ended.add(number)

    def _grant(self, number: int) -> None:
        assert number >= max(self.granted, default=0), "an older upload was granted after a newer one"
        self.told[number] = "granted"
        self.granted.append(number)

    def _save(self, lock: Lock) -> None:
        changed_hands = lock.holder not in {"", self.lock.holder}
        assert lock.token == self.lock.token + changed_hands, "the token rises with each grant, and only then"
        assert lock.holder or not lock.waiting, "a deployment waits for a free lock"
        self.lock = lock


moves = st.lists(st.tuples(st.sampled_from(["ask", "ask", "release", "retake"]), st.integers(1, 6)), max_size=60)


@settings(max_examples=400)
@given(moves)
def test_no_deployment_is_forgotten_in_any_order_of_events(history: list[tuple[str, int]]) -> None:
    """However they ask, release and repeat: one holder, rising tokens, the newest waits, all get an outcome."""
    deployments = Deployments()
    for move, number in history:
        getattr(deployments, move)(number)
        holders = [
            known for known, told in deployments.told.items() if told == "granted" and known not in deployments.ended
        ]
        waiting = [
            known for known, told in deployments.told.items() if told == "waiting" and known not in deployments.ended
        ]
        rolling_back = {int(deployments.lock.holder)} & deployments.ended if deployments.lock.holder else set[int]()
        assert {str(number) for number in holders} | {str(number) for number in rolling_back} == (
            {deployments.lock.holder} - {""}
        )
        assert waiting == ([int(deployments.lock.waiting.deployment_id)] if deployments.lock.waiting else [])


@settings(max_examples=200)
@given(st.permutations(range(1, 7)), st.lists(st.integers(0, 5), max_size=30))
def test_the_newest_always_gets_its_lock(arrivals: list[int], endings: list[int]) -> None:
    """In whatever order uploads arrive and holders end, the newest upload gets the lock in the end."""
    deployments = Deployments()
    for number in arrivals:
        deployments.ask(number)
        if endings and endings.pop() % 2 and deployments.lock.holder:
            deployments.release(int(deployments.lock.holder))
    while deployments.lock.holder:
        deployments.release(int(deployments.lock.holder))
    assert deployments.granted[-1] == max(arrivals)
    assert set(deployments.told.values()) <= {"granted", "superseded"}
