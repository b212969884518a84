import random

import pytest
from scipy import stats

from controller.domain.deployment import Counts
from selfright.explaining.error_bands import band


@pytest.mark.parametrize("counts", [Counts(10, 0), Counts(10, 10), Counts(300, 7), Counts(1_000_000, 999)])
def test_the_band_is_around_the_rate(counts: Counts) -> None:
    """What was seen is always possible."""
    low, high = band(counts)
    assert 0 <= low <= counts.error_rate <= high <= 1


def test_without_requests_everything_is_possible() -> None:
    """And more errors than requests, which metrics can show for a moment, do no harm."""
    assert band(Counts()) == (0.0, 1.0)
    assert band(Counts(1, 5)) == band(Counts(1, 1))


def test_it_is_a_little_wider_than_an_interval_for_one_evaluation() -> None:
    """That is the price of holding at all evaluations: less than twice the width of Clopper and Pearson's."""
    low, high = band(Counts(1000, 20))
    exact = stats.binomtest(20, 1000).proportion_ci(0.95, "exact")
    assert low < exact.low < exact.high < high
    assert high - low < 2 * (exact.high - exact.low)


def test_the_edges_are_where_the_mixture_has_won_twenty_times() -> None:
    """Against scipy: the beta-binomial likelihood is 1 / alpha times the binomial one."""
    for edge in band(Counts(500, 6)):
        mixture = stats.betabinom.pmf(6, 500, 0.5, 0.5)
        assert mixture / stats.binom.pmf(6, 500, edge) == pytest.approx(20, rel=1e-6)


def test_it_holds_at_all_evaluations_together() -> None:
    """Of 200 series with an evaluation at each of 150 requests, at most one in twenty ever leaves the true rate out."""
    chance, rate, left_out = random.Random(1), 0.1, 0
    for _ in range(200):
        errors = 0
        for request in range(1, 151):
            errors += chance.random() < rate
            low, high = band(Counts(request, errors))
            if not low <= rate <= high:
                left_out += 1
                break
    assert left_out <= 10
