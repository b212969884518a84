"""The judge's benchmark is fair: its traffic is what it says, and its rivals decide as their own sources do."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from benchmarks.judge import ALPHA, BAD, BURST, run
from benchmarks.judging import rivals, shipped
from benchmarks.judging.latency import Slowness, simulate_latency
from benchmarks.judging.traffic import EVALUATIONS, OLD, Releases, Scene, simulate


def releases(canary_errors: list[int], requests: int = 60) -> Releases:
    """One release with so many errors of the canary at its first looks, and none on stable."""
    errors = np.zeros((1, EVALUATIONS), dtype=np.int64)
    errors[0, : len(canary_errors)] = canary_errors
    both = np.full((1, EVALUATIONS), requests)
    return Releases(both, errors, both * 9, np.zeros_like(errors))


def test_traffic_is_what_the_scene_says() -> None:
    """Requests, share and error rates are as asked for, and a burst is on both sides."""
    drawn = simulate(Scene("", canary=0.01, burst=BURST), 200, seed=1)
    calm, burst = slice(0, 120), slice(120, 138)
    assert drawn.canary.mean() == pytest.approx(10, rel=0.02)
    assert drawn.stable.mean() == pytest.approx(90, rel=0.02)
    assert drawn.canary_errors[:, calm].mean() == pytest.approx(0.1, rel=0.1)
    assert drawn.stable_errors[:, calm].mean() == pytest.approx(0.09, rel=0.1)
    assert drawn.stable_errors[:, burst].mean() == pytest.approx(90 * 0.051, rel=0.1)


def test_clusters_keep_the_rate() -> None:
    """Errors that come together are as many as those that come alone, with more spread."""
    drawn = simulate(Scene("", per_second=100, cluster=3), 100, seed=2)
    assert drawn.stable_errors.mean() == pytest.approx(900 * OLD, rel=0.05)
    assert drawn.stable_errors.var() / drawn.stable_errors.mean() == pytest.approx(5, rel=0.2)
    assert drawn.before is not None


def test_latency_is_counted_at_stables_percentiles() -> None:
    """Stable is slower than its p90 once in ten; the canary more often; and its cold starts come first."""
    timed = simulate_latency(Slowness("", factor=1.5, cold=20, late=5), 100, seed=3)
    assert timed.stable.sum((0, 1)) / timed.errors.stable.sum() == pytest.approx([0.5, 0.25, 0.1, 0.01], rel=0.05)
    assert timed.canary[:, 12:].sum((0, 1)) / timed.errors.canary[:, 12:].sum() == pytest.approx(
        [0.791, 0.554, 0.319, 0.065], rel=0.05
    )
    assert (timed.canary[:, 0, 3] >= np.minimum(timed.errors.canary[:, 0], 15)).all()
    assert (timed.canary <= timed.errors.canary[:, :, None]).all()


def test_sams_alarm_wants_two_minutes() -> None:
    """Errors in one minute do not fire it, in two minutes they do, at the end of the second."""
    assert rivals.sam_alarm(releases([1] * 6)).tolist() == [rivals.NEVER]
    assert rivals.sam_alarm(releases([1] * 7)).tolist() == [120]


def test_the_rate_alarm_wants_three_of_five_minutes() -> None:
    """One per cent must be exceeded in three of five minutes, with one of them quiet it still fires."""
    bad, quiet = [1] * 6, [0] * 6
    assert rivals.rate_alarm(releases(bad + bad + quiet + bad)).tolist() == [240]
    assert rivals.rate_alarm(releases(bad + bad + quiet * 3 + bad)).tolist() == [rivals.NEVER]


def test_kayenta_decides_as_the_mann_whitney_test_does() -> None:
    """Above its quantile at a quarter of the Hodges-Lehmann shift: the same as a test of 1 % there, by scipy."""
    chance, high = np.random.default_rng(4), []
    for _ in range(60):
        canary = chance.poisson(chance.choice([2.0, 3.0, 5.0]), (1, 12)).astype(float)
        stable = chance.poisson(2.0, (1, 12)).astype(float)
        shift = 0.25 * abs(float(np.median(canary[0][:, None] - stable[0][None, :])))
        oracle = mannwhitneyu(canary[0] - shift, stable[0], alternative="greater", method="asymptotic").pvalue < 0.01
        high.append(bool(oracle))
        assert rivals._is_high(canary, stable)[0] == oracle
    assert 5 < sum(high) < 55


def test_the_floor_knows_both_rates() -> None:
    """Wald's test is right about a bad release within its risk, and never waits for stable."""
    scene = Scene("", canary=0.05)
    times = rivals.sprt(simulate(scene, 200, seed=5), scene, ALPHA)
    assert np.median(times) < 80


def test_the_judge_measured_is_the_one_that_is_shipped() -> None:
    """Three errors in a row on a tenth of the traffic end a release at the third evaluation; none end it never."""
    scene = Scene("")
    assert shipped.judged(releases([1, 1, 1], requests=10), scene, ALPHA).tolist() == [30]
    assert shipped.judged(releases([]), scene, ALPHA).tolist() == [rivals.NEVER]


@pytest.mark.slow
def test_all_tables_are_made() -> None:
    """The whole benchmark, with two releases in a cell."""
    tables = run(2)
    assert [len(table.rows) for table in tables] == [10, len(BAD) + 4, 5, 2, 2]
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)
