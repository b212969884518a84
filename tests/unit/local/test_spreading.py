"""Places that learn of a change one after the other."""

from selfright.local.spreading import Places


def spread(*lateness: float) -> tuple[Places[str], list[float]]:
    """Two places that know "old", with a clock to turn, which learn so many seconds late, in this order."""
    now, late = [0.0], iter(lateness)
    return Places(2, lambda: next(late), "old", lambda: now[0]), now


def known(places: Places[str]) -> list[str]:
    """What each place knows now."""
    return [places.at(number) for number in range(len(places))]


def test_each_place_learns_at_a_time_of_its_own() -> None:
    """In between, one has the new and the other the old."""
    places, now = spread(1, 10)
    places.tell("new")
    assert known(places) == ["old", "old"]
    now[0] = 1
    assert known(places) == ["new", "old"]
    now[0] = 10
    assert known(places) == ["new", "new"]


def test_what_was_told_last_is_not_told_again() -> None:
    """Reading the same again is no change."""
    places, _ = spread()
    places.tell("old")
    assert known(places) == ["old", "old"]


def test_a_place_never_goes_back_to_what_is_older() -> None:
    """The second change arrives before the first one, which then means nothing any more."""
    places, now = spread(10, 10, 1, 20)
    places.tell("second")
    places.tell("third")
    now[0] = 1
    assert known(places) == ["third", "old"]
    now[0] = 10
    assert known(places) == ["third", "second"]
    now[0] = 20
    assert known(places) == ["third", "third"]
