"""Which components are used most: a rollback restores them first, because most visitors wait for them."""

from collections import Counter
from collections.abc import Iterable

from controller.domain.deployment import Evaluation

ERRORS = "errors"
"""The comparison that counts all requests of a component."""


def most_used_first(names: Iterable[str], evaluation: Evaluation | None) -> list[str]:
    """The names sorted by their requests (canary and stable) at the last evaluation, then by name."""
    requests: Counter[str] = Counter()
    for comparison in evaluation.comparisons if evaluation else ():
        if comparison.metric == ERRORS:
            requests[comparison.component] += comparison.canary.requests + comparison.stable.requests
    return sorted(names, key=lambda name: (-requests[name], name))
