"""A trial: repetition and order do not matter, evidence carries over steps, its state stays small, it catches harm."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.deployment import Counts
from controller.domain.judging.interval import PERCENTILES, Interval, Slow
from controller.domain.judging.sequential.document import as_document, from_document
from controller.domain.judging.sequential.trial import WARM_UP, Trial, begin, learn, shifted, weigh

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMPONENTS = ("ai", "api")


def at(evaluation: int) -> datetime:
    """The moment of the evaluation with this number: evaluations are ten seconds apart."""
    return START + timedelta(seconds=10 * evaluation)


def interval(  # noqa: PLR0913 - two sides of a component at a time
    evaluation: int,
    canary: int = 0,
    stable: int = 0,
    *,
    component: str = "api",
    requests: tuple[int, int] = (10, 90),
    slow: tuple[int, int] | None = None,
) -> Interval:
    """An interval of 10 requests on the canary and 90 on stable with these errors, and as many slow requests."""
    sides = [Counts(count) for count in requests]
    timed = slow and tuple(
        Slow(name, 100, *(replace(side, errors=count) for side, count in zip(sides, slow, strict=True)))
        for name in PERCENTILES
    )
    counts = (replace(sides[0], errors=canary), replace(sides[1], errors=stable))
    return Interval(component, at(evaluation), at(evaluation + 1), *counts, timed or ())


def release(chance: random.Random, rate: float, evaluations: int = 120) -> Iterator[Interval]:
    """A canary that fails at this rate beside a stable version that fails for one request in a thousand."""
    for evaluation in range(evaluations):
        canary = sum(chance.random() < rate for _ in range(10))
        yield interval(evaluation, canary, sum(chance.random() < 0.001 for _ in range(90)))


measured = st.lists(
    st.builds(
        interval,
        st.integers(0, 30),
        st.integers(0, 3),
        st.integers(0, 3),
        component=st.sampled_from([*COMPONENTS, "another"]),
        requests=st.tuples(st.integers(3, 40), st.integers(3, 300)),
        slow=st.none() | st.tuples(st.integers(0, 3), st.integers(0, 3)),
    ),
    max_size=15,
)


@given(measured)
def test_the_same_interval_twice_counts_once(intervals: list[Interval]) -> None:
    """An interval that was weighed already changes nothing, neither in the same call nor in a later one."""
    once = weigh(begin(COMPONENTS), intervals)
    assert weigh(once, intervals) == once
    assert weigh(begin(COMPONENTS), intervals + intervals) == once


@given(measured, st.randoms(use_true_random=False))
def test_the_order_of_components_and_intervals_does_not_matter(
    intervals: list[Interval], chance: random.Random
) -> None:
    """Intervals may arrive in any order, and components may be named in any order."""
    unique = list({(one.component, one.until): one for one in intervals}.values())
    shuffled = chance.sample(unique, len(unique))
    assert weigh(begin(COMPONENTS[::-1]), shuffled) == weigh(begin(COMPONENTS), unique)


@given(measured)
@settings(max_examples=30)
def test_the_ledger_keeps_the_trial(intervals: list[Interval]) -> None:
    """After it was written as JSON and read again, it is the same trial up to the sixth digit."""
    trial = weigh(shifted(begin(COMPONENTS), START), intervals)
    read = from_document(json.loads(json.dumps(as_document(trial))))
    assert as_document(read) == as_document(trial)
    assert read.e_value == pytest.approx(trial.e_value, rel=1e-4)
    assert (read.sides["api"].seen, read.shifted_at) == (trial.sides["api"].seen, START)


@pytest.mark.parametrize("metrics", [("errors",), ("errors", *PERCENTILES)])
@pytest.mark.parametrize("before", range(0, 60, 7))
def test_a_worse_canary_stays_worse_in_the_ledger(metrics: tuple[str, ...], before: int) -> None:
    """A trial that has just reached its limit is still at its limit when it is read again."""
    trial = weigh(
        begin(["api"], metrics=metrics), [interval(evaluation, 0, evaluation % 3) for evaluation in range(before)]
    )
    while not trial.worse:
        before += 1
        trial = weigh(trial, [interval(before, 2)])
    assert from_document(json.loads(json.dumps(as_document(trial)))).worse


@pytest.mark.parametrize("requests", [100, 5_000, 10**9])
def test_a_much_worse_canary_stays_worse_in_the_ledger(requests: int) -> None:
    """When all of very many requests fail, the evidence is cut to the limit, which suffices."""
    trial = weigh(begin(["api"]), [interval(0, requests, requests=(requests, 9 * requests))])
    read = from_document(json.loads(json.dumps(as_document(trial))))
    assert trial.worse
    assert read.e_value == pytest.approx(trial.e_value, rel=1e-3)
    assert read.worse


def test_the_state_stays_small() -> None:
    """Four components with all metrics, after a day with a thousand requests a second, take less than 4 KB."""
    trial = begin(["api", "ai", "site", "search"])
    for evaluation in range(25):
        for name in trial.components:
            busy = interval(evaluation, 300, 300, component=name, requests=(100_000, 900_000), slow=(40_000, 300_000))
            trial = weigh(trial, [busy])
    days = json.dumps(as_document(trial), separators=(",", ":"))
    assert len(days) < 4000


def test_the_streams_share_the_whole_risk() -> None:
    """The streams' shares sum to 1, so a trial that has seen nothing has an e-value of 1."""
    trial = begin(COMPONENTS, alpha=0.01)
    assert sum(trial.shares.values()) == pytest.approx(1)
    assert trial.e_value == pytest.approx(1)
    assert trial.limit == pytest.approx(100)


@pytest.mark.parametrize(
    ("components", "alpha", "metrics"),
    [((), 0.05, ("errors",)), (("api",), 0.0, ("errors",)), (("api",), 0.05, ()), (("api",), 0.05, ("p42",))],
)
def test_an_impossible_trial_is_refused(components: tuple[str, ...], alpha: float, metrics: tuple[str, ...]) -> None:
    """A trial needs components, a risk between 0 and 1, and known metrics."""
    with pytest.raises(ValueError, match=r"must be between|needs components"):
        begin(components, alpha=alpha, metrics=metrics)


def test_three_errors_of_three_on_a_tenth_of_the_traffic_are_enough() -> None:
    """At 1 % risk a canary that has the first three errors is worse; two could be chance."""
    two = weigh(begin(["api"], alpha=0.01), [interval(evaluation, 1) for evaluation in range(2)])
    assert not two.worse
    assert weigh(two, [interval(2, 1)]).worse


def test_the_strongest_evidence_is_named() -> None:
    """The trial names the component and the metric with most of the evidence, and their counts."""
    trial = weigh(begin(COMPONENTS), [interval(evaluation, 3, component="ai") for evaluation in range(3)])
    assert trial.worse
    assert trial.strongest == ("ai", "errors")
    low, high = trial.bounds(("ai", "errors"))
    assert 0 < low < 0.3 < high
    assert trial.counts("ai") == (Counts(30, 9), Counts(270, 0))
    assert trial.counts() == trial.counts("ai")


def test_the_evidence_carries_over_to_the_next_step() -> None:
    """A shift keeps the evidence; the same errors count for less when the canary has half of the traffic."""
    trial = weigh(begin(["api"]), [interval(0, 1)])
    later = shifted(trial, at(1))
    assert later.e_value == trial.e_value
    half = weigh(later, [interval(1, 1, requests=(50, 50))])
    tenth = weigh(later, [interval(1, 1)])
    assert trial.e_value < half.e_value < tenth.e_value
    assert shifted(half, at(1)) == half


def test_an_interval_across_a_shift_is_left_out() -> None:
    """It has two divisions of traffic, so a burst in its second part would look like the canary's fault."""
    trial = shifted(begin(["api"]), at(1) - timedelta(seconds=1))
    assert weigh(trial, [interval(0, 5)]) == trial
    assert weigh(trial, [interval(1, 1)]).e_value > 1


def test_cold_starts_are_not_measured_for_latency() -> None:
    """The first requests after a shift, slow as they are, are no evidence; errors among them are."""
    evaluations = WARM_UP["p50"] // 10
    cold = weigh(
        shifted(begin(["api"]), START), [interval(evaluation, slow=(10, 5)) for evaluation in range(evaluations)]
    )
    assert cold.e_value == pytest.approx(1)
    warm = weigh(cold, [interval(evaluations, slow=(10, 5))])
    assert warm.streams["api", "p50"].log_wealth > 0
    assert warm.streams["api", "p99"].log_wealth == pytest.approx(0)
    again = shifted(cold, at(evaluations))
    assert weigh(again, [interval(evaluations, slow=(10, 5))]).e_value == pytest.approx(1)
    assert weigh(again, [interval(evaluations, 1)]).e_value > 1


def test_errors_without_requests_count_as_requests() -> None:
    """Metrics arrive separately, sometimes the errors first; the trial accepts that."""
    trial = weigh(begin(["api"]), [interval(0, 5, requests=(2, 90))])
    assert trial.counts() == (Counts(5, 5), Counts(90))


def test_earlier_clusters_make_the_judge_careful() -> None:
    """How stable's errors came before the deployment decides how much the canary's count."""
    history = [
        interval(evaluation - 400, 0, 5 if evaluation % 20 == 0 else 0, requests=(0, 90)) for evaluation in range(360)
    ]
    careful = learn(begin(["api"], alpha=0.01), history)
    errors = [interval(0, 5)]
    assert weigh(begin(["api"], alpha=0.01), errors).worse
    assert not weigh(careful, errors).worse
    assert careful.counts() == (Counts(), Counts())
    assert careful.sides == begin(["api"], alpha=0.01).sides


def test_a_canary_as_good_as_stable_is_within_the_tolerance() -> None:
    """After enough requests without errors it is shown to be at most a percentage point worse; a bad one never is."""
    good = weigh(begin(["api"]), [interval(evaluation) for evaluation in range(60)])
    bad = weigh(begin(["api"]), [interval(evaluation, evaluation % 5 == 0) for evaluation in range(60)])
    assert good.within_tolerance
    assert not good.worse
    assert not bad.within_tolerance


def test_few_good_releases_and_all_bad_ones_are_rolled_back() -> None:
    """At 5 % risk, a short simulation catches at most a few of 100 good releases, and all of 25 with 5 % errors."""
    chance = random.Random(11)
    assert sum(_rolled_back(release(chance, 0.001)) for _ in range(100)) <= 8
    assert sum(_rolled_back(release(chance, 0.05)) for _ in range(25)) == 25


def test_a_slow_canary_is_caught() -> None:
    """With half of its requests above stable's p90, it is caught within two minutes, and latency is the reason."""
    trial = weigh(begin(["api"], alpha=0.01), [interval(evaluation, slow=(5, 9)) for evaluation in range(12)])
    assert trial.worse
    assert trial.strongest
    assert trial.strongest[1] in PERCENTILES
    assert log(trial.e_value) >= log(100) - 1e-6


def _rolled_back(intervals: Iterator[Interval]) -> bool:
    trial: Trial = begin(["api"], alpha=0.05, tolerance=0)
    for one in intervals:
        trial = weigh(trial, [one])
        if trial.worse:
            return True
    return False
