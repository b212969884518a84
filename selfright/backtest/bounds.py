"""How sure a counted share is."""

from math import exp, lgamma, log

CONFIDENCE = 0.95
_HALVINGS = 50


def at_most(hits: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """The highest share (0 to 1) that is consistent with so many hits: Clopper and Pearson's upper bound, one-sided.

    Without trials, every share is possible.
    """
    if hits >= trials:
        return 1.0
    low, high = hits / trials, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _probability_of_at_most(hits, trials, middle) > 1 - confidence else (low, middle)
    return high


def at_least(hits: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """The lowest share that is consistent with so many hits, one-sided."""
    return 1 - at_most(trials - hits, trials, confidence) if trials else 0.0


def _probability_of_at_most(hits: int, trials: int, share: float) -> float:
    """The probability of at most so many hits."""
    if share >= 1:
        return 0.0
    logs = (
        lgamma(trials + 1) - lgamma(k + 1) - lgamma(trials - k + 1) + k * log(share) + (trials - k) * log(1 - share)
        for k in range(hits + 1)
    )
    return sum(map(exp, logs))
