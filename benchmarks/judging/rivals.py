"""What people use today, and the floor: the second at which each would have rolled back; infinite if never."""

from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.judging.traffic import EVALUATION, OLD, Floats, Releases, Scene, Whole

Flags: TypeAlias = NDArray[np.bool_]
MINUTE = 60
NEVER = float("inf")
BLOCK = 250
"""The releases that fit into memory at once when all pairs of minutes are compared."""


def sam_alarm(releases: Releases) -> Floats:
    """The alarm of SAM's documentation: errors of the new version > 0, in 2 of 2 minutes."""
    errors = _minutes(releases.canary_errors)
    return _m_of_n(errors > 0, 2, 2)


def rate_alarm(releases: Releases) -> Floats:
    """Error rate of the new version > 1 %, in 3 of 5 minutes."""
    requests, errors = _minutes(releases.canary), _minutes(releases.canary_errors)
    return _m_of_n(errors > 0.01 * requests, 3, 5)


def z_test(releases: Releases, alpha: float) -> Floats:
    """A one-sided two-sample z-test with pooled variance, at every evaluation, as if it were the only one."""
    canary, stable = releases.canary.cumsum(1), releases.stable.cumsum(1)
    bad, base = releases.canary_errors.cumsum(1), releases.stable_errors.cumsum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (bad + base) / (canary + stable)
        spread = np.sqrt(pooled * (1 - pooled) * (1 / canary + 1 / stable))
        hit = (bad / canary - base / stable) / spread > NormalDist().inv_cdf(1 - alpha)
    return _first(hit, EVALUATION)


def sprt(releases: Releases, scene: Scene, alpha: float) -> Floats:
    """Wald's test, which knows both error rates and the moment of the change: no test that does not can be faster."""
    good = releases.canary - releases.canary_errors
    worse = releases.canary_errors * np.log(scene.canary / OLD) + good * np.log((1 - scene.canary) / (1 - OLD))
    since = worse[:, scene.worse_from // EVALUATION :]
    return scene.worse_from + _first(since.cumsum(1) >= np.log(1 / alpha), EVALUATION)


def kayenta(releases: Releases) -> Floats:
    """Kayenta's NetflixACAJudge on the error rate by the minute, evaluated again each minute.

    MannWhitneyClassifier with its defaults: the metric is High, and the canary fails, when the lower end of the 98 %
    interval of the shift is above a quarter of the Hodges-Lehmann estimate. By the interval's construction this is
    the case when the test's statistic, at a shift of that quarter, is above its quantile.
    """
    canary = _rates(releases.canary, releases.canary_errors)
    stable = _rates(releases.stable, releases.stable_errors)
    blocks = [_kayenta(canary[at : at + BLOCK], stable[at : at + BLOCK]) for at in range(0, len(canary), BLOCK)]
    return np.concatenate(blocks)


def _kayenta(canary: Floats, stable: Floats) -> Floats:
    found = np.full(len(canary), NEVER)
    for minutes in range(2, canary.shape[1] + 1):
        left = np.flatnonzero(np.isinf(found))
        if not left.size:
            break
        high = _is_high(canary[left, :minutes], stable[left, :minutes])
        found[left[high]] = minutes * MINUTE
    return found


def _is_high(canary: Floats, stable: Floats) -> Flags:
    count = canary.shape[1]
    shifts = canary[:, :, None] - stable[:, None, :]
    estimate = np.median(shifts.reshape(len(canary), -1), axis=1)
    bound = 0.25 * np.abs(estimate)
    beyond = shifts - bound[:, None, None]
    ranks = (beyond > 0).sum((1, 2)) + 0.5 * (beyond == 0).sum((1, 2)) - count**2 / 2
    together = np.concatenate([canary - bound[:, None], stable], axis=1)
    ties = ((together[:, :, None] == together[:, None, :]).sum(2) ** 2 - 1).sum(1)
    spread = np.sqrt(count**2 / 12 * (2 * count + 1 - ties / (2 * count * (2 * count - 1))))
    with np.errstate(divide="ignore", invalid="ignore"):
        high: Flags = (ranks - 0.5 * np.sign(ranks)) / spread > NormalDist().inv_cdf(0.99)
    return high


def _rates(requests: Whole, errors: Whole) -> Floats:
    by_minute: Floats = 100 * _minutes(errors) / np.maximum(_minutes(requests), 1)
    return by_minute


def _minutes(counts: Whole) -> Whole:
    by_minute: Whole = counts.reshape(len(counts), -1, MINUTE // EVALUATION).sum(2)
    return by_minute


def _m_of_n(breaching: Flags, m: int, n: int) -> Floats:
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(breaching, ((0, 0), (n - 1, 0))), n, axis=1)
    return _first(windows.sum(2) >= m, MINUTE)


def _first(hit: Flags, seconds: int) -> Floats:
    return np.where(hit.any(1), (hit.argmax(1) + 1.0) * seconds, NEVER)
