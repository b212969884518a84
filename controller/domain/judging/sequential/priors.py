"""The judge's priors, and how it divides the risk over its streams.

They were chosen with `./dev bench judge`: most of the bet is where bad releases usually are, a little where much
traffic can reveal a small regression.
"""

from collections.abc import Mapping
from functools import lru_cache

from controller.domain.judging.interval import PERCENTILES
from controller.domain.judging.sequential.prior import Prior

ERRORS = "errors"
"""The name of the stream of failed requests; the others are named after their percentile."""
METRICS = (ERRORS, *PERCENTILES)


ERROR_PRIOR = Prior.of({1.3: 1, 1.7: 2, 3: 6, 5.5: 30, 11: 34, 25: 20, 50: 6})
SLOW_PRIOR = Prior.of({1.15: 1, 1.35: 4, 1.6: 3, 2.5: 1, 5: 1})
SLOW_SHARE = 0.05
"""The share of the risk for latency, when it is measured; the rest is for errors."""
METHOD = "/".join(["2", *(" ".join(f"{odds:g}" for odds in prior.odds) for prior in (ERROR_PRIOR, SLOW_PRIOR))])
"""The meaning of a trial's numbers: their form and the bets. A trial of another method cannot be continued."""


def prior_of(metric: str) -> Prior:
    """The prior of the stream of this metric."""
    return ERROR_PRIOR if metric == ERRORS else SLOW_PRIOR


@lru_cache(maxsize=64)
def risk_shares(components: tuple[str, ...], metrics: tuple[str, ...]) -> Mapping[tuple[str, str], float]:
    """Each stream's share of the risk: equal for all components, for errors more than for all percentiles together."""
    slow = [metric for metric in metrics if metric != ERRORS]
    errors = (1 - SLOW_SHARE if slow else 1.0) if ERRORS in metrics else 0.0
    each = {metric: errors if metric == ERRORS else (1 - errors) / len(slow) for metric in metrics}
    return {(name, metric): each[metric] / len(components) for name in components for metric in metrics}
