"""Confidence sequences: bounds of an error rate that hold at all moments together.

A confidence interval holds at one moment that was chosen beforehand; evaluated again and again, it is wrong sooner or
later. These bounds are right at all moments together. The rate may change: they hold for its average over the requests
so far (`docs/judge.md` has the proof).
"""

from math import exp, log

from controller.domain.deployment import Counts
from controller.domain.judging.sequential.split import log_sum

TILTS = (0.05, 0.1, 0.2, 0.35, 0.6, 1.0, 1.6, 2.5, 4.0)
"""Log odds of the bets that test the rates; small ones for many errors, large ones for few."""
STEPS = 40


def band(counts: Counts, alpha: float, clustering: float = 1.0) -> tuple[float, float]:
    """Lower and upper bound of the error rate (0 to 1); it is ever outside of them with a chance of at most `alpha`.

    `clustering` is the number of errors that come together.
    """
    if not counts.requests:
        return 0.0, 1.0
    return _bound(counts, alpha / 2, 1, clustering), _bound(counts, alpha / 2, -1, clustering)


def difference(canary: Counts, stable: Counts, alpha: float, clustering: float = 1.0) -> tuple[float, float]:
    """Bounds of the canary's error rate minus stable's (-1 to 1), always right with probability 1 - `alpha`."""
    low, high = band(canary, alpha / 2, clustering)
    base, top = band(stable, alpha / 2, clustering)
    return low - top, high - base


def _bound(counts: Counts, alpha: float, sign: int, clustering: float) -> float:
    """The rate at which the bets that the rate is higher (sign 1) or lower (-1) are no longer won."""
    if counts.errors == (0 if sign > 0 else counts.requests):
        return 0.0 if sign > 0 else 1.0
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        rate = (low + high) / 2
        if (_log_wealth(counts, rate, sign, clustering) >= log(1 / alpha)) == (sign > 0):
            low = rate
        else:
            high = rate
    return (low + high) / 2


def _log_wealth(counts: Counts, rate: float, sign: int, clustering: float) -> float:
    """The mean over the tilts t of exp(t errors) / (1 - rate + rate e^t) ** requests."""
    tilts = [sign * tilt for tilt in TILTS]
    logs = [counts.errors * tilt - counts.requests * log(1 - rate + rate * exp(tilt)) for tilt in tilts]
    return log_sum([value / clustering for value in logs]) - log(len(tilts))
