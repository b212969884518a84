"""How chance divides errors: compared with scipy, and with the bound for numbers that are not summed."""

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from controller.domain.judging.sequential.split import EXACT, log_sum, split

ODDS = (0.25, 1.0, 1.3, 4.0, 50.0)
sizes = st.tuples(st.integers(1, 120), st.integers(1, 400)).flatmap(
    lambda both: st.tuples(st.just(both[0]), st.just(both[1]), st.integers(1, sum(both)))
)


@given(sizes)
def test_the_chances_are_hypergeometric(size: tuple[int, int, int]) -> None:
    """The chances are those of drawing the canary's requests at random."""
    canary, stable, errors = size
    drawn = split(canary, stable, errors)
    for k, chance in enumerate(drawn.chances, start=drawn.fewest):
        assert chance == pytest.approx(hypergeom.pmf(k, canary + stable, errors, canary), rel=1e-6, abs=1e-12)


@given(sizes)
def test_normalisers_are_the_means_of_the_powers(size: tuple[int, int, int]) -> None:
    """A normaliser of a likelihood ratio is at least its mean under chance."""
    canary, stable, errors = size
    drawn = split(canary, stable, errors)
    for odds, normaliser in zip(ODDS, drawn.log_normalisers(ODDS), strict=True):
        exact = _log_mean_power(canary, stable, errors, odds)
        assert normaliser == pytest.approx(exact, rel=1e-6, abs=1e-6) if drawn.chances else normaliser >= exact - 1e-9


@pytest.mark.parametrize(("canary", "stable", "errors"), [(600, 5400, 3000), (900, 100, 500), (400, 9000, 150)])
def test_large_numbers_are_bounded_from_above(canary: int, stable: int, errors: int) -> None:
    """For large numbers the bound is never below the mean: the guarantee holds, with a little less power."""
    drawn = split(canary, stable, errors)
    assert min(canary, errors) >= EXACT
    assert not drawn.chances
    for odds, bound in zip(ODDS, drawn.log_normalisers(ODDS), strict=True):
        assert bound >= _log_mean_power(canary, stable, errors, odds) - 1e-9


def test_the_log_of_a_sum_does_not_overflow() -> None:
    """Logs far beyond what a float's exponential holds can be added."""
    assert log_sum([1000.0, 1000.0]) == pytest.approx(1000 + log(2))
    assert exp(log_sum([log(2), log(3)])) == pytest.approx(5)


def _log_mean_power(canary: int, stable: int, errors: int, odds: float) -> float:
    support = range(max(0, errors - stable), min(errors, canary) + 1)
    chances = hypergeom.logpmf(list(support), canary + stable, errors, canary)
    return log_sum([float(chance) + k * log(odds) for k, chance in zip(support, chances, strict=True)])
