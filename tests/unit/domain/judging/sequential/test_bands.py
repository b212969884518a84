"""The bounds of an error rate: wide enough to hold at all evaluations, and no wider than necessary."""

import random

import pytest
from scipy.stats import binom, binomtest

from controller.domain.deployment import Counts
from controller.domain.judging.sequential.bands import band, difference


@pytest.mark.parametrize(("requests", "errors"), [(20, 20), (100, 50), (1000, 1), (36_000, 36), (36_000, 360)])
def test_bands_are_wider_than_an_interval_for_one_evaluation_and_not_twice_as_wide(requests: int, errors: int) -> None:
    """They contain the exact interval of one evaluation (Clopper and Pearson), and hold for all at a modest price."""
    low, high = band(Counts(requests, errors), 0.05)
    once = binomtest(errors, requests).proportion_ci(0.95)
    assert low <= once.low <= errors / requests <= once.high <= high
    assert high - low < 2 * (once.high - once.low)


def test_without_requests_every_rate_is_possible() -> None:
    """Without requests the rate may be anything; without errors it may be 0."""
    assert band(Counts(), 0.05) == (0.0, 1.0)
    assert band(Counts(50), 0.05)[0] == 0.0
    assert band(Counts(50, 50), 0.05)[1] == 1.0


def test_the_rate_is_within_the_band_at_every_evaluation() -> None:
    """At a risk of 10 %, at most a few of 60 trials with 30 evaluations ever leave the band."""
    chance, left = random.Random(3), 0
    for _ in range(60):
        counts = Counts()
        for _ in range(30):
            counts += Counts(50, sum(chance.random() < 0.04 for _ in range(50)))
            low, high = band(counts, 0.1)
            if not low <= 0.04 <= high:
                left += 1
                break
    assert left <= binom.ppf(0.999, 60, 0.1)


def test_the_difference_is_between_its_bounds() -> None:
    """For equal rates the bounds contain 0, for very different ones they do not; clusters make them wider."""
    low, high = difference(Counts(1000, 10), Counts(9000, 90), 0.05)
    assert low < 0 < high
    assert difference(Counts(1000, 200), Counts(9000, 90), 0.05)[0] > 0.1
    wider = difference(Counts(1000, 10), Counts(9000, 90), 0.05, clustering=3)
    assert wider[0] < low < high < wider[1]
