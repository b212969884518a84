"""Front ends of Lambda that learn of an alias late."""

from selfright.local.edge.alias import Route
from selfright.local.edge.front_ends import FRONT_ENDS, FrontEnds


def test_front_ends_know_an_alias_from_different_times_on() -> None:
    """After a change, one front end routes as it says now, the others still to the version from before."""
    written, late = [Route("arn", "1")], iter([0.0, *[3600.0] * (FRONT_ENDS - 1)])
    dice = iter([number / FRONT_ENDS for number in range(FRONT_ENDS) for _ in range(2)])
    front_ends = FrontEnds(lambda: written[0], lambda: next(late), lambda: next(dice))
    front_ends.learn()
    written[0] = Route("arn", "2")
    front_ends.learn()
    assert [front_ends.choose()[0] for _ in range(FRONT_ENDS)] == ["2", *["1"] * (FRONT_ENDS - 1)]


def test_the_weights_are_those_that_the_front_end_knows() -> None:
    """A front end routes by weight, as an alias does."""
    dice = iter([0.0, 0.05, 0.0, 0.5])
    front_ends = FrontEnds(lambda: Route("arn", "1", {"2": 0.1}), lambda: 0, lambda: next(dice))
    assert [front_ends.choose(), front_ends.choose()] == [("2", "arn:2"), ("1", "arn:1")]
