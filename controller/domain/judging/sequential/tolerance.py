"""Whether the canary is at most `tolerance` worse: a bet against "its error rate is higher by at least `tolerance`".

On the line "canary = stable + tolerance", the point closest (by Kullback-Leibler) to the expected rates is the reverse
information projection, and the likelihood ratio against it is an e-variable for everything beyond the line (Turner, Ly,
Grünwald 2024; `docs/judge.md` has the proof). Changes of the rates on both sides together do not matter: each interval
has its own point on the line.
"""

from dataclasses import dataclass
from math import log

from controller.domain.deployment import Counts
from controller.domain.judging.interval import NONE

STEPS = 40
LEAST = 1e-9
PRIOR = Counts(200, 1)
"""The expected counts of the first interval; later intervals are expected to resemble those before."""


@dataclass(frozen=True)
class Margin:
    """`log_wealth` is the log of the e-value against "worse by at least `tolerance`"; `both` are both sides' counts."""

    log_wealth: float = 0.0
    both: Counts = NONE

    def after(self, canary: Counts, stable: Counts, tolerance: float, clustering: float = 1.0) -> "Margin":
        """The bet after one more interval; unless 0 < `tolerance` < 1, nothing is bet."""
        both = self.both + canary + stable
        if not (canary.requests and stable.requests and 0 < tolerance < 1):
            return Margin(self.log_wealth, both)
        guess = (self.both + PRIOR).error_rate
        high, low = _projection(guess, canary.requests, stable.requests, tolerance)
        gained = _gain(canary, guess, high) + _gain(stable, guess, low)
        return Margin(self.log_wealth + gained / clustering, both)


UNTRIED = Margin()


def _gain(counts: Counts, guess: float, null: float) -> float:
    good = counts.requests - counts.errors
    return counts.errors * log(guess / null) + good * log((1 - guess) / (1 - null))


def _projection(guess: float, canary: int, stable: int, tolerance: float) -> tuple[float, float]:
    """The rates (canary's, stable's) with canary = stable + tolerance that are closest to `guess` on both sides."""
    low, high = LEAST, 1 - tolerance - LEAST
    for _ in range(STEPS):  # The divergence is convex along the line: its minimum is where its slope changes the sign.
        middle = (low + high) / 2
        if canary * _slope(guess, middle + tolerance) + stable * _slope(guess, middle) > 0:
            high = middle
        else:
            low = middle
    return (low + high) / 2 + tolerance, (low + high) / 2


def _slope(guess: float, rate: float) -> float:
    return (rate - guess) / (rate * (1 - rate))
