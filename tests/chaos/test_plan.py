"""A seed gives the same plans for ever, and they hold every kind of trouble."""

from typing import get_args

from tests.chaos.deeds import DEEDS
from tests.chaos.plan import WIRE, Kind, plan

MANY = 500


def test_the_same_seed_gives_the_same_plan() -> None:
    """Each round's plan depends on seed and number alone, so a single round can be run again."""
    assert str(plan(7, 3)) == str(plan(7, 3))
    assert len({str(plan(7, number)) for number in range(MANY)}) == MANY
    assert str(plan(7, 3)) != str(plan(8, 3))


def test_every_kind_of_trouble_is_met_and_can_be_made() -> None:
    """None is left out by the dice, and each is known to the proxy or to somebody who does it."""
    met = {trouble.kind for number in range(MANY) for trouble in plan(1, number).troubles}
    assert met == set(get_args(Kind))
    assert met == {*WIRE, *DEEDS, "outage"}
