"""Simulated latency: how many requests of both sides were slower than stable's own percentiles, by evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from statistics import NormalDist

import numpy as np

from benchmarks.judging.traffic import EVALUATIONS, Releases, Scene, Whole, simulate

QUANTILES = (0.5, 0.75, 0.9, 0.99)
"""The quantiles of the percentiles at which the judge counts."""


@dataclass(frozen=True)
class Slowness:
    """Log-normal durations with this `sigma`; the canary takes `factor` times as long.

    `cold` of its first requests are cold starts, slower than every percentile; `late` of these come within the 60
    requests after the first 30.
    """

    title: str
    factor: float = 1.0
    sigma: float = 0.5
    cold: int = 0
    late: int = 0


@dataclass(frozen=True)
class Timed:
    """Counts of errors, and of both sides' slow requests by release, evaluation and percentile."""

    errors: Releases
    canary: Whole
    stable: Whole


def simulate_latency(slowness: Slowness, releases: int, seed: int) -> Timed:
    """Draw the counts of `releases` releases with 10 requests a second and 10 % on the canary."""
    errors = simulate(Scene(slowness.title), releases, seed)
    chance = np.random.default_rng(seed + 1)
    cold = _cold(slowness, errors.canary, chance)
    normal, shift = NormalDist(), log(slowness.factor) / slowness.sigma
    slower = [normal.cdf(shift - normal.inv_cdf(quantile)) for quantile in QUANTILES]
    canary = _slow(chance, errors.canary - cold, slower) + cold[:, :, None]
    return Timed(errors, canary, _slow(chance, errors.stable, [1 - quantile for quantile in QUANTILES]))


def _slow(chance: np.random.Generator, requests: Whole, shares: Sequence[float]) -> Whole:
    """The counts are nested: a request slower than the p99 is slower than the p50 as well."""
    kept, before, counts = requests, 1.0, []
    for share in shares:
        kept, before = chance.binomial(kept, share / before), share
        counts.append(kept)
    return np.stack(counts, axis=2)


def _cold(slowness: Slowness, requests: Whole, chance: np.random.Generator) -> Whole:
    ends = requests.cumsum(1)
    first = np.diff(np.minimum(ends, slowness.cold - slowness.late), axis=1, prepend=0)
    places = np.argsort(chance.random((len(requests), 60)), axis=1)[:, : slowness.late] + 30
    late = [((ends - requests)[:, :, None] <= places[:, None, :]) & (places[:, None, :] < ends[:, :, None])]
    spread: Whole = first + late[0].sum(2)
    return spread.reshape(-1, EVALUATIONS)
