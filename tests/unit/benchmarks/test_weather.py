"""The table about releases on a late AWS says how many were right, and how to see those that were not."""

from collections import Counter

from benchmarks.weather import Seen, figures, is_right, scenarios, seen, spread
from tests.simulation.weather.facts import Facts

RIGHT = Seen(
    "good",
    0,
    Facts(good=1, good_succeeded=1, requests=10, arriving=[60], saying=[3.0], transitions=[67], evaluations=[12]),
    (),
)
HURT = Seen("judged", 2, Facts(bad=1, bad_undone=1, requests=20, suffered=Counter({"a page that is gone": 2})), ())
BROKEN = Seen("good", 7, Facts(good=1, wrong=["1.1.0 ROLLED_BACK"]), ("I7: held",))


def test_a_run_is_right_when_nothing_was_wrong() -> None:
    """Releases, visitors and invariants."""
    assert [is_right(one) for one in (RIGHT, HURT, BROKEN)] == [True, False, False]


def test_the_figures_are_sums_and_medians_of_all_runs() -> None:
    """Each climate has a column."""
    rows = {row[0]: row[1:] for row in figures({"aws": [RIGHT, HURT], "storm": [BROKEN]}).rows}
    assert rows["good releases that succeeded"] == ("1 of 1", "0 of 1", "all")
    assert rows["requests of visitors"] == (30, 0, "")
    assert rows["failed because of the mechanism itself"] == (2, 0, 0)
    assert rows["… with one evaluation in each step"] == ("37 (37)", spread([]), "≤ 45")
    assert rows["… a page that is gone"] == (2, 0, 0)
    assert rows["seconds, from then on until Selfright says so"] == ("3 (3)", spread([]), "median ≤ 5")


def test_what_was_wrong_can_be_seen_again() -> None:
    """The command is in the notes."""
    table = scenarios({"aws": [RIGHT, HURT], "storm": [BROKEN]})
    assert ("good", "1 of 1", "0 of 1") in table.rows
    assert any("--weather storm --scenario good --seed 7`: 1.1.0 ROLLED_BACK; I7: held" in note for note in table.notes)


def test_a_seed_is_simulated() -> None:
    """By the real handlers; visitors come all the time."""
    (one,) = seen("aws", [2])
    assert one.facts.requests > 1000
