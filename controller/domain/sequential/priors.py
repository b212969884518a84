"""What the bets are on: how much worse a bad canary might be, and how the risk is shared out.

A prior costs nothing in validity, only in speed: what is bet on one odds ratio is missing at the others.
"""

from controller.domain.evidence import PERCENTILES
from controller.domain.sequential.stream import Prior

ERRORS = "errors"
"""The name of the stream of failed requests; the others are called after their percentile."""
METRICS = (ERRORS, *PERCENTILES)


def _shares(parts: Prior) -> dict[float, float]:
    total = sum(parts.values())
    return {odds: part / total for odds, part in parts.items()}


ERROR_PRIOR = _shares({1.5: 5, 2: 5, 3: 10, 4: 15, 6: 25, 8: 15, 12: 10, 24: 10, 48: 5})
SLOW_PRIOR = _shares({1.2: 1, 1.4: 2, 1.7: 2, 2.5: 2, 4: 2, 8: 1})
SLOW_SHARE = 0.2
"""How much of the risk is for latency, when it is measured; the rest is for errors."""


def prior_of(metric: str) -> Prior:
    """The prior of this stream."""
    return ERROR_PRIOR if metric == ERRORS else SLOW_PRIOR


def risk_shares(components: tuple[str, ...], metrics: tuple[str, ...]) -> dict[tuple[str, str], float]:
    """The share of the risk that each stream may spend: components alike, errors more than all percentiles together."""
    slow = [metric for metric in metrics if metric != ERRORS]
    errors = (1 - SLOW_SHARE if slow else 1.0) if ERRORS in metrics else 0.0
    each = {metric: errors if metric == ERRORS else (1 - errors) / len(slow) for metric in metrics}
    return {(name, metric): each[metric] / len(components) for name in components for metric in metrics}
