"""Early promotion: the bet against "worse by at least `tolerance`" is at most fair, and a good canary wins it."""

from math import comb, exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.deployment import Counts
from controller.domain.judging.sequential.tolerance import Margin


def chance(k: int, size: int, rate: float) -> float:
    """The binomial distribution, also for rates so small that scipy's overflows."""
    return comb(size, k) * rate**k * (1 - rate) ** (size - k)


@given(
    past=st.tuples(st.integers(0, 500), st.integers(0, 20)),
    sizes=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    stable=st.floats(0, 0.8),
    excess=st.floats(0, 0.1),
    tolerance=st.floats(0.005, 0.1),
)
@settings(max_examples=40)
def test_a_canary_that_is_that_much_worse_wins_nothing_on_average(
    past: tuple[int, int], sizes: tuple[int, int], stable: float, excess: float, tolerance: float
) -> None:
    """The exact sum over all outcomes shows it, for every pair of rates beyond the line, after any past."""
    canary = min(1.0, stable + tolerance + excess)
    margin = Margin(0.0, Counts(past[0] + past[1], past[1]))
    mean = sum(
        chance(mine, sizes[0], canary)
        * chance(theirs, sizes[1], stable)
        * exp(margin.after(Counts(sizes[0], mine), Counts(sizes[1], theirs), tolerance).log_wealth)
        for mine in range(sizes[0] + 1)
        for theirs in range(sizes[1] + 1)
    )
    assert mean <= 1 + 1e-6


def test_a_good_canary_wins_with_its_requests() -> None:
    """One that fails as rarely as stable is shown to be within a percentage point after some hundred requests."""
    margin = Margin()
    for _ in range(80):
        margin = margin.after(Counts(10, 0), Counts(90, 0), 0.01)
    assert exp(margin.log_wealth) > 100


@pytest.mark.parametrize("tolerance", [0.0, 1.0])
def test_without_a_tolerance_nothing_is_bet(tolerance: float) -> None:
    """The claim "not worse at all" cannot be shown; "less than completely worse" means nothing."""
    assert Margin().after(Counts(100), Counts(900), tolerance).log_wealth == 0


def test_one_side_alone_shows_nothing() -> None:
    """Without requests on stable, the canary cannot be compared."""
    assert Margin().after(Counts(100), Counts(), 0.01).log_wealth == 0
