import pytest
from scipy import stats

from selfright.backtest.bounds import at_least, at_most


@pytest.mark.parametrize(("hits", "trials"), [(0, 1000), (3, 1000), (50, 1000), (1, 20), (19, 20)])
def test_bounds_are_clopper_and_pearsons(hits: int, trials: int) -> None:
    """Against scipy, one-sided at 95 %."""
    exact = stats.binomtest(hits, trials).proportion_ci(0.9, "exact")
    assert at_most(hits, trials) == pytest.approx(exact.high, rel=1e-6)
    assert at_least(hits, trials) == pytest.approx(exact.low, rel=1e-6, abs=1e-9)


def test_the_ends_are_certain() -> None:
    """All of them, or none at all; without trials everything is possible."""
    assert at_most(5, 5) == 1.0
    assert at_least(0, 5) == pytest.approx(0.0)
    assert (at_least(0, 0), at_most(0, 0)) == (0.0, 1.0)


def test_none_of_a_thousand_is_at_most_three() -> None:
    """The rule of three."""
    assert at_most(0, 1000) == pytest.approx(0.003, rel=0.01)
