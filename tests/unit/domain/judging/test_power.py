import random
from datetime import UTC, datetime, timedelta

import pytest
from scipy import stats

from controller.domain.deployment import Counts, Step
from controller.domain.judging.interval import Interval
from controller.domain.judging.power import (
    POWER,
    Detection,
    PowerTerms,
    RequestRate,
    bake_for,
    detection,
    poisson,
    seconds_for_any_test,
    smallest,
    weight_for,
)
from controller.domain.judging.sequential.priors import ERRORS
from controller.domain.judging.sequential.trial import begin, shifted, weigh

START = datetime(2026, 1, 2, tzinfo=UTC)
TEN = RequestRate(10, 0.001)
TERMS = PowerTerms(100, 60)
CANARY = (Step(10, 900), Step(100, 300))
TWICE = (Step(10, 300), Step(50, 300), Step(100, 300))


def engine(steps: tuple[Step, ...], error_rate: float, releases: int) -> list[float]:
    """The seconds after which the real judge catches each caught release, of `releases`."""
    chance, caught = random.Random(3), []
    draw = lambda requests, rate: Counts(requests, poisson(requests * rate, chance.random()))  # noqa: E731
    for _ in range(releases):
        trial, now = begin(["api"], alpha=1 / TERMS.limit, metrics=[ERRORS]), START
        for step in steps[:-1]:
            trial = shifted(trial, now)
            for _ in range(step.bake // TERMS.evaluate_every):
                since, now = now, now + timedelta(seconds=TERMS.evaluate_every)
                requests = int(TEN.per_second * TERMS.evaluate_every)
                canary = requests * step.weight // 100
                sides = draw(canary, error_rate), draw(requests - canary, TEN.error_rate)
                trial = trial if trial.worse else weigh(trial, [Interval("api", since, now, *sides)])
                if trial.worse and now:
                    caught.append((now - START).total_seconds())
                    break
            if trial.worse:
                break
    return sorted(caught)


@pytest.mark.parametrize(("steps", "error_rate"), [(CANARY, 0.01), (CANARY, 0.005), (TWICE, 0.01)])
def test_the_forecast_is_what_the_judge_does(steps: tuple[Step, ...], error_rate: float) -> None:
    """The share of caught releases agrees within five points, the median time within two evaluations."""
    releases = 300
    expected, caught = detection(steps, TEN, TERMS, error_rate), engine(steps, error_rate, releases)
    assert len(caught) / releases == pytest.approx(expected.chance, abs=0.06)
    if expected.median:
        assert caught[releases // 2] == pytest.approx(expected.median, abs=120)


def test_the_smallest_regression_is_caught_by_the_judge() -> None:
    """The judge catches it with the promised probability, up to chance, and does not catch half of it."""
    found = smallest(CANARY, TEN, TERMS)
    assert found
    assert found.chance >= POWER
    assert len(engine(CANARY, found.error_rate, 200)) >= 200 * (POWER - 0.05)
    assert len(engine(CANARY, found.error_rate / 2, 100)) < 80


def test_more_traffic_more_weight_and_more_time_detect_more() -> None:
    """A higher risk of a false rollback detects more, too."""
    usual = smallest(CANARY, TEN, TERMS)
    assert usual
    better = [
        smallest(CANARY, RequestRate(100, 0.001), TERMS),
        smallest((Step(50, 900),), TEN, TERMS),
        smallest((Step(10, 3600),), TEN, TERMS),
        smallest(CANARY, TEN, PowerTerms(20, 60)),
    ]
    assert all(one and one.error_rate < usual.error_rate for one in better)


@pytest.mark.parametrize("steps", [(), (Step(100, 3600),), (Step(10, 0), Step(100, 60))])
def test_without_a_bake_of_a_canary_nothing_is_detected(steps: tuple[Step, ...]) -> None:
    """All at once, or without a bake, only alarms and checks remain."""
    assert smallest(steps, TEN, TERMS) is None
    assert detection(steps, TEN, TERMS, 1.0) == Detection(1.0, 0.0, None, None)


def test_without_traffic_nothing_is_detected_and_nothing_suggested() -> None:
    """No bake is long enough."""
    silent = RequestRate(0, 0.001)
    assert smallest(CANARY, silent, TERMS) is None
    assert (bake_for(10, silent, TERMS, 0.5), weight_for(900, silent, TERMS, 0.5)) == (None, None)
    assert seconds_for_any_test(silent, 0.5, 10, 0.05) == float("inf")


def test_a_suggestion_detects_the_rate_that_was_asked_for() -> None:
    """Both suggestions do: a longer bake at the same weight, and a greater weight for the same time."""
    bake, weight = bake_for(10, TEN, TERMS, 0.005), weight_for(900, TEN, TERMS, 0.01)
    assert bake
    assert weight
    assert bake % 60 == 0
    assert detection((Step(10, bake),), TEN, TERMS, 0.005).chance >= POWER
    assert detection((Step(10, bake // 2),), TEN, TERMS, 0.005).chance < POWER
    assert detection((Step(weight, 900),), TEN, TERMS, 0.01).chance >= POWER


def test_what_no_test_can_detect() -> None:
    """With one request a second on the canary, 0.1 % → 0.2 % takes over an hour; the judge needs even longer."""
    traffic = RequestRate(10, 0.001)
    floor = seconds_for_any_test(traffic, 0.002, 10, 0.05)
    assert 3600 < floor < 3 * 3600
    assert detection((Step(10, 3600),), traffic, PowerTerms(20, 60), 0.002).chance < 0.5
    assert seconds_for_any_test(traffic, 0.001, 10, 0.05) == float("inf")


@pytest.mark.parametrize("mean", [0.0, 0.3, 4.0, 49.0, 60.0, 500.0, 40_000.0])
@pytest.mark.parametrize("chance", [0.001, 0.1, 0.5, 0.95, 0.999])
def test_poisson_quantiles_are_right(mean: float, chance: float) -> None:
    """They agree with scipy: exactly for small means, within a hundredth of the spread and one for large ones."""
    exact = float(stats.poisson.ppf(chance, mean)) if mean else 0.0
    assert poisson(mean, chance) == pytest.approx(exact, abs=0 if mean <= 50 else 2 + 0.02 * mean**0.5)
