"""How the errors of an interval are divided between the two sides, if both are equally good.

Of `canary + stable` requests, `errors` failed. If the version makes no difference, the canary's requests are a random
draw from all of them, and the canary's number of errors is hypergeometric, whatever the error rate is and however it
changes. If an error is `odds` times as likely on the canary, the distribution is Fisher's noncentral hypergeometric:
the same weights, times `odds ** k`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log

EXACT = 96
"""Supports up to this size are summed; above it, Hoeffding's bound replaces the sum, at constant cost."""


@dataclass(frozen=True)
class Split:
    """The chances of `fewest`, `fewest` + 1, … errors on the canary; empty when there are too many to list."""

    canary: int
    stable: int
    errors: int
    fewest: int
    chances: tuple[float, ...]

    def log_normalisers(self, odds: Sequence[float]) -> list[float]:
        """The log of E[ratio ** (errors on the canary)] for each odds ratio, or an upper bound: both are valid."""
        if not self.chances:
            return [self._bound(ratio) for ratio in odds]
        return [self.fewest * log(ratio) + log(_polynomial(self.chances, ratio)) for ratio in odds]

    def _bound(self, ratio: float) -> float:
        """Hoeffding (1963), theorem 4: sampling without replacement never has more spread than with it.

        The draw has two views, of which the lower bound counts: the errors draw sides, or the canary's requests draw
        outcomes.
        """
        requests = self.canary + self.stable
        by_error = self.errors * log(1 + (ratio - 1) * self.canary / requests)
        by_request = self.canary * log(1 + (ratio - 1) * self.errors / requests)
        return min(by_error, by_request)


@lru_cache(maxsize=4096)
def split(canary: int, stable: int, errors: int) -> Split:
    """The distribution for these numbers of requests and errors."""
    fewest, most = max(0, errors - stable), min(errors, canary)
    if most - fewest >= EXACT:
        return Split(canary, stable, errors, fewest, ())
    mode = min(most, max(fewest, (errors + 1) * (canary + 1) // (canary + stable + 2)))
    above, below, spare = [1.0], [], stable - errors
    for k in range(mode, most):  # From the mode outwards the weights only fall, so nothing overflows.
        above.append(above[-1] * (errors - k) * (canary - k) / ((k + 1) * (spare + k + 1)))
    weight = 1.0
    for k in range(mode, fewest, -1):
        weight *= k * (spare + k) / ((errors - k + 1) * (canary - k + 1))
        below.append(weight)
    weights = [*reversed(below), *above]
    total = sum(weights)
    return Split(canary, stable, errors, fewest, tuple([weight / total for weight in weights]))


def _polynomial(coefficients: Sequence[float], at: float) -> float:
    value = 0.0
    for coefficient in reversed(coefficients):
        value = value * at + coefficient
    return value


def log_sum(logs: Sequence[float]) -> float:
    """The log of the sum of the exponentials, without overflow."""
    top = max(logs)
    return top + log(sum([exp(value - top) for value in logs]))
