"""The lock: one holder at a time, the newest waits, and nobody is lost, in whatever order things happen."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.lock import Lock, LockAnswer, Outcome, Place, ask, order_of, release, retake

FREE = Lock("smartpack/prod")
OLD, NEW, NEWEST = Place("old", "1"), Place("new", "2"), Place("newest", "3")


def asked(*places: Place) -> Lock:
    """The lock after these asked, one after the other."""
    lock = FREE
    for place in places:
        lock = ask(lock, place).lock
    return lock


def test_a_free_environment_is_granted_at_once() -> None:
    """The first to ask holds the lock and the first fencing token."""
    answer = ask(FREE, OLD)
    assert answer.outcome == "granted"
    assert (answer.lock.holder, answer.lock.token) == ("old", 1)


def test_whoever_comes_second_waits() -> None:
    """The holder is not disturbed."""
    answer = ask(asked(OLD), NEW)
    assert answer.outcome == "waiting"
    assert (answer.lock.holder, answer.lock.waiting) == ("old", NEW)


def test_the_newest_displaces_whoever_waits() -> None:
    """Only the newest release is worth waiting for."""
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
    """Whoever is not sure whether it asked may ask again."""
    lock = asked(OLD, NEW)
    again = ask(lock, place)
    assert again.lock == lock
    assert again.displaced is None


def test_the_lock_is_handed_on_with_a_new_token() -> None:
    """What the holder before still does with its old token can be told apart."""
    lock, waiting = release(asked(OLD, NEW), "old")
    assert waiting == NEW
    assert (lock.holder, lock.token, lock.waiting) == ("new", 2, None)


def test_giving_up_waiting_leaves_the_holder_alone() -> None:
    """A deployment that ends while it waits just goes."""
    lock, affected = release(asked(OLD, NEW), "new")
    assert (lock.holder, lock.waiting, affected) == ("old", None, None)


def test_whoever_has_nothing_releases_nothing() -> None:
    """A second release, or a stranger's, changes nothing."""
    lock = asked(OLD, NEW)
    assert release(lock, "stranger") == (lock, None)


def test_a_failed_rollback_holds_the_environment() -> None:
    """Nobody may start on top of what is broken; whoever waited is refused."""
    lock, refused = release(asked(OLD, NEW), "old", hold="It broke.")
    assert refused == NEW
    assert (lock.holder, lock.waiting, lock.held) == ("", None, "It broke.")
    assert ask(lock, NEWEST).outcome == "held"


def test_a_held_environment_can_be_taken_back_and_freed() -> None:
    """The rollback that a person starts needs the lock, and its good end frees the environment."""
    held, _ = release(asked(OLD), "old", hold="It broke.")
    taken = retake(held, "old")
    assert taken is not None
    assert (taken.holder, taken.token) == ("old", 2)
    freed, _ = release(taken, "old")
    assert ask(freed, NEW).outcome == "granted"


def test_the_lock_of_another_cannot_be_taken_back() -> None:
    """A rollback does not start underneath a deployment that is on its way."""
    assert retake(asked(OLD), "new") is None
    assert retake(asked(OLD), "old") == asked(OLD)


def test_uploads_are_ordered_by_time_then_version() -> None:
    """S3 tells only seconds; within one, 1.10.0 is later than 1.9.0."""
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    orders = [order_of(at, "1.9.0"), order_of(at, "1.10.0"), order_of(at + timedelta(seconds=1), "0.1.0")]
    assert orders == sorted(orders)
    assert len(set(orders)) == len(orders)


def test_of_two_uploads_that_cannot_be_told_apart_the_later_to_ask_is_the_newer() -> None:
    """Neither is superseded by the other for its name's sake."""
    held = ask(FREE, Place("first", "same")).lock
    waiting = ask(held, Place("b", "same"))
    assert waiting.outcome == "waiting"
    answer = ask(waiting.lock, Place("a", "same"))
    assert (answer.outcome, answer.displaced) == ("waiting", Place("b", "same"))


class Street:
    """Many deployments and one turn: does what the flow would do, and notes what each deployment was told."""

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
        self._tell(number, answer)

    def release(self, number: int) -> None:
        """A deployment ends, or says so again."""
        lock, handed_to = release(self.lock, str(number))
        self._save(lock)
        if self.told.get(number) in {"granted", "waiting"}:
            self.ended.add(number)
        if handed_to:
            self._grant(int(handed_to.deployment_id))

    def retake(self, number: int) -> None:
        """A person rolls a deployment back that has ended."""
        taken = retake(self.lock, str(number)) if number in self.ended else None
        if taken:
            self._save(taken)

    def _tell(self, number: int, answer: LockAnswer) -> None:
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
        assert lock.holder or not lock.waiting, "somebody waits for nobody"
        self.lock = lock


moves = st.lists(st.tuples(st.sampled_from(["ask", "ask", "release", "retake"]), st.integers(1, 6)), max_size=60)


@settings(max_examples=400)
@given(moves)
def test_nobody_is_lost_in_any_order_of_events(history: list[tuple[str, int]]) -> None:
    """Whatever is asked, released and repeated: one holder, rising tokens, the newest waits, all are told."""
    street = Street()
    for move, number in history:
        getattr(street, move)(number)
        holders = [known for known, told in street.told.items() if told == "granted" and known not in street.ended]
        waiting = [known for known, told in street.told.items() if told == "waiting" and known not in street.ended]
        taken_back = {int(street.lock.holder)} & street.ended if street.lock.holder else set[int]()
        assert {str(number) for number in holders} | {str(number) for number in taken_back} == (
            {street.lock.holder} - {""}
        )
        assert waiting == ([int(street.lock.waiting.deployment_id)] if street.lock.waiting else [])


@settings(max_examples=200)
@given(st.permutations(range(1, 7)), st.lists(st.integers(0, 5), max_size=30))
def test_the_newest_always_gets_its_lock(arrivals: list[int], endings: list[int]) -> None:
    """However the uploads arrive and whenever holders end, in the end the newest was granted the lock."""
    street = Street()
    for number in arrivals:
        street.ask(number)
        if endings and endings.pop() % 2 and street.lock.holder:
            street.release(int(street.lock.holder))
    while street.lock.holder:
        street.release(int(street.lock.holder))
    assert street.granted[-1] == max(arrivals)
    assert set(street.told.values()) <= {"granted", "superseded"}
