"""Simulated traffic: requests and errors of canary and stable, by evaluation, for thousands of releases at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

EVALUATION = 10
EVALUATIONS = 360
"""The evaluations of an hour, one every ten seconds."""
OLD = 0.001
"""The old version's error rate."""
Floats: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.int64]
Shape: TypeAlias = Callable[[Floats], Floats]
"""Seconds since the start → a factor, a rate or a share."""


def always(value: float) -> Shape:
    """The same at all times."""
    return lambda seconds: np.full_like(seconds, value)


AS_USUAL, NO_BURST, TENTH = always(1), always(0), always(0.1)


@dataclass(frozen=True)
class Scene:
    """Describes the traffic of a release.

    `canary` is its error rate from `worse_from` seconds on; before that it is as good as stable. `load` multiplies the
    requests per second, `burst` is added to the error rate of both sides, `share` is the canary's part of the requests.
    Errors come in clusters of `cluster` on average (geometric), each entirely on one side. At `shift_at` a traffic
    step begins.
    """

    title: str
    per_second: float = 10
    canary: float = OLD
    load: Shape = AS_USUAL
    burst: Shape = NO_BURST
    share: Shape = TENTH
    cluster: float = 1
    shift_at: int | None = None
    worse_from: int = 0


@dataclass(frozen=True)
class Releases:
    """Counts of one error metric by release and evaluation; `before` is stable's hour before, if it is known."""

    canary: Whole
    canary_errors: Whole
    stable: Whole
    stable_errors: Whole
    before: tuple[Whole, Whole] | None = None

    def __len__(self) -> int:
        return len(self.canary)


def simulate(scene: Scene, releases: int, seed: int) -> Releases:
    """Draw the counts of `releases` releases."""
    chance = np.random.default_rng(seed)
    seconds = np.arange(EVALUATIONS, dtype=float) * EVALUATION
    expected = scene.per_second * EVALUATION * scene.load(seconds)
    share, extra = scene.share(seconds), scene.burst(seconds)
    canary = chance.poisson(expected * share, (releases, EVALUATIONS))
    stable = chance.poisson(expected * (1 - share), (releases, EVALUATIONS))
    before = chance.poisson(scene.per_second * EVALUATION, (releases, EVALUATIONS)) if scene.cluster > 1 else None
    return Releases(
        canary,
        _errors(chance, canary, np.where(seconds >= scene.worse_from, scene.canary, OLD) + extra, scene.cluster),
        stable,
        _errors(chance, stable, OLD + extra, scene.cluster),
        None if before is None else (before, _errors(chance, before, always(OLD)(seconds), scene.cluster)),
    )


def _errors(chance: np.random.Generator, requests: Whole, rates: Floats, cluster: float) -> Whole:
    if cluster == 1:
        return chance.binomial(requests, rates)
    clusters = chance.poisson(requests * rates / cluster)
    sizes = clusters + chance.negative_binomial(np.maximum(clusters, 1), 1 / cluster) * (clusters > 0)
    errors: Whole = np.minimum(sizes, requests)
    return errors
