"""The error rates that are consistent with one side's counts, at all evaluations together."""

from math import lgamma, log

from controller.domain.deployment import Counts

ALPHA = 0.05
_STEPS = 40
"""Halvings; the bounds are exact to a billionth."""
_PRIOR = 0.5
"""Jeffreys's prior: neutral between rare and common errors."""


def band(counts: Counts, alpha: float = ALPHA) -> tuple[float, float]:
    """The lowest and the highest error rate (0 to 1) that are consistent with these counts.

    A confidence sequence: with probability 1 - `alpha` the true rate is within it at all evaluations. It is
    the set of rates against which the beta-binomial mixture has won less than 1 / `alpha` (Robbins 1970; Howard,
    Ramdas, McAuliffe, Sekhon 2021). Without requests, every rate is possible.
    """
    requests, errors = counts.requests, min(counts.errors, counts.requests)
    if not requests:
        return 0.0, 1.0
    limit = _mixture(errors, requests - errors) + log(alpha)
    rate = errors / requests
    low = 0.0 if not errors else _edge(errors, requests, limit, outside=0.0, inside=rate)
    high = 1.0 if errors == requests else _edge(errors, requests, limit, outside=1.0, inside=rate)
    return low, high


def _edge(errors: int, requests: int, limit: float, *, outside: float, inside: float) -> float:
    """Where the log-likelihood crosses the limit, between a rate that is outside of the band and one inside."""
    for _ in range(_STEPS):
        middle = (outside + inside) / 2
        if errors * log(middle) + (requests - errors) * log(1 - middle) >= limit:
            inside = middle
        else:
            outside = middle
    return inside


def _mixture(errors: int, successes: int) -> float:
    """The log of the likelihood, averaged over all rates."""
    return _log_beta(errors + _PRIOR, successes + _PRIOR) - _log_beta(_PRIOR, _PRIOR)


def _log_beta(one: float, other: float) -> float:
    return lgamma(one) + lgamma(other) - lgamma(one + other)
