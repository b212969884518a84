"""The guarantee: from every state, for every interval, the mean of the next e-value is at most the present one."""

from itertools import pairwise
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nchypergeom_fisher

from controller.domain.deployment import Counts
from controller.domain.judging.sequential.clustering import Tally
from controller.domain.judging.sequential.priors import ERROR_PRIOR, SLOW_PRIOR
from controller.domain.judging.sequential.split import split
from controller.domain.judging.sequential.stream import Stream, fold, largest_boost

LIMIT = log(100)
Size = tuple[int, int, int]


def interval(most: int = 40) -> st.SearchStrategy[Size]:
    """Requests on the canary and on stable, and how many of all failed."""
    requests = st.tuples(st.integers(1, most), st.integers(1, 3 * most))
    return requests.flatmap(lambda both: st.tuples(*map(st.just, both), st.integers(1, min(sum(both), 12))))


steps = st.lists(st.tuples(interval(), st.floats(0, 1)), max_size=8)


def outcomes(size: Size) -> range:
    """The possible numbers of the canary's errors."""
    canary, stable, errors = size
    return range(max(0, errors - stable), min(errors, canary) + 1)


def after(stream: Stream, size: Size, on_canary: int, limit: float = LIMIT) -> Stream:
    """The stream after an interval with `on_canary` of its errors on the canary."""
    canary, stable, errors = size
    return fold(stream, ERROR_PRIOR, limit, Counts(canary, on_canary), Counts(stable, errors - on_canary))


def reached(path: list[tuple[Size, float]]) -> Stream:
    """The state after a path of intervals; the float chooses among the possible outcomes."""
    stream = Stream.fresh(ERROR_PRIOR)
    for size, choice in path:
        stream = after(stream, size, round(outcomes(size)[0] + choice * (len(outcomes(size)) - 1)))
    return stream


@given(path=steps, size=interval())
def test_the_mean_of_the_next_e_value_is_the_present_one(path: list[tuple[Size, float]], size: Size) -> None:
    """For independent errors this holds exactly from any state, with the boost: nothing is wasted or gained."""
    stream = reached(path)
    now = exp(stream.log_wealth)
    chances = split(*size).chances
    nexts = [exp(after(stream, size, k).log_wealth) for k in outcomes(size)]
    mean = sum(chance * value for chance, value in zip(chances, nexts, strict=True))
    alone = stream.tally.cluster_size == 1
    assert mean <= now * (1 + 1e-9)
    assert not alone or mean == pytest.approx(now, rel=1e-6)


@given(path=steps, size=interval(), odds=st.floats(0.05, 1))
def test_a_better_canary_has_no_more_evidence_against_it(
    path: list[tuple[Size, float]], size: Size, odds: float
) -> None:
    """For every odds ratio up to 1, not only for "no difference", the mean of the next e-value is at most this one."""
    stream = reached(path)
    canary, stable, errors = size
    chances = nchypergeom_fisher.pmf(list(outcomes(size)), canary + stable, errors, canary, odds)
    nexts = [exp(after(stream, size, k).log_wealth) for k in outcomes(size)]
    mean = sum(float(chance) * value for chance, value in zip(chances, nexts, strict=True))
    assert mean <= exp(stream.log_wealth) * (1 + 1e-6)


@given(path=steps, size=interval())
def test_more_errors_on_the_canary_are_more_evidence(path: list[tuple[Size, float]], size: Size) -> None:
    """The evidence rises with the canary's part of the errors."""
    stream = reached(path)
    values = [after(stream, size, k).log_wealth for k in outcomes(size)]
    assert all(low <= high + 1e-9 for low, high in pairwise(values))


@given(path=steps)
def test_the_limit_is_never_overshot(path: list[tuple[Size, float]]) -> None:
    """A won bet is exactly at its limit, and stays there whatever follows."""
    stream = reached(path)
    assert stream.log_wealth <= LIMIT + 1e-9
    won = after(stream, (1, 10_000, 1), 1, limit=stream.log_wealth + 0.1)
    assert after(won, (10, 10, 3), 0, limit=won.log_wealth).logs == won.logs


@pytest.mark.parametrize(("canary", "stable"), [(1, 9), (10, 90), (50, 50)])
def test_the_chance_of_a_false_alarm_is_at_most_the_risk_and_not_far_from_it(canary: int, stable: int) -> None:
    """This is the exact sum over all divisions of the first 12 errors, with an evaluation after each."""
    alarmed = _chance_of_alarm(canary, stable, errors=12)
    assert 0.5 * exp(-LIMIT) < alarmed <= exp(-LIMIT)


def test_errors_that_come_together_count_less() -> None:
    """With clusters in stable's own counts, the same errors are less evidence."""
    alone = Stream.fresh(ERROR_PRIOR)
    tally = Tally()
    for number in range(200):
        tally = tally.after(Counts(100, 5 if number % 20 == 0 else 0))
    together = Stream(alone.logs, tally=tally)
    assert tally.cluster_size > 4
    assert 0 < after(together, (10, 90, 3), 3).log_wealth < after(alone, (10, 90, 3), 3).log_wealth


@pytest.mark.parametrize(
    ("canary", "stable"),
    [(Counts(), Counts(10, 3)), (Counts(10, 3), Counts()), (Counts(10), Counts(10)), (Counts(4, 4), Counts(6, 6))],
)
def test_an_interval_that_compares_nothing_is_no_evidence(canary: Counts, stable: Counts) -> None:
    """With one side only, no error, or nothing but errors, the e-value stays and the counts continue."""
    stream = fold(Stream.fresh(SLOW_PRIOR), SLOW_PRIOR, LIMIT, canary, stable)
    assert stream.log_wealth == pytest.approx(0)
    assert (stream.canary, stream.stable) == (canary, stable)


@given(st.lists(st.floats(0.01, 10), min_size=2, max_size=12), st.floats(1.01, 30))
def test_the_boost_makes_the_capped_mean_one(steps_up: list[float], most: float) -> None:
    """It is the largest factor at which the capped bet is still fair."""
    chances = [1 / len(steps_up)] * len(steps_up)
    rising = [sum(steps_up[: k + 1]) for k in range(len(steps_up))]
    factors = [value * len(rising) / sum(rising) for value in rising]
    boost = largest_boost(chances, factors, most)
    assert boost >= 1
    assert sum(c * min(boost * f, most) for c, f in zip(chances, factors, strict=True)) == pytest.approx(1)


def _chance_of_alarm(canary: int, stable: int, errors: int) -> float:
    """The e-value depends on the side of each error, in their order; equal states are merged."""
    share = canary / (canary + stable)
    states, alarmed = {(0.0, Stream.fresh(ERROR_PRIOR).logs): 1.0}, 0.0
    for _ in range(errors):
        following: dict[tuple[float, tuple[float, ...]], float] = {}
        for (gain, logs), chance in states.items():
            for k, probability in ((0, 1 - share), (1, share)):
                stream = after(Stream(logs, gain), (canary, stable, 1), k)
                if stream.log_wealth >= LIMIT - 1e-9:
                    alarmed += chance * probability
                else:
                    key = (round(stream.gain, 7), tuple(round(value, 7) for value in stream.logs))
                    following[key] = following.get(key, 0.0) + chance * probability
        states = {key: chance for key, chance in following.items() if chance > 1e-6}
    return alarmed
