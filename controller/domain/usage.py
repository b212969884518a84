"""Which components are used most: on the way back they go first, because most visitors wait for them."""

from collections import Counter
from collections.abc import Iterable

from controller.domain.deployment import Evaluation

ERRORS = "errors"
"""The comparison that counts all requests of a component."""


def most_used_first(names: Iterable[str], evaluation: Evaluation | None) -> list[str]:
    """The names by the requests of the last evaluation, canary's and stable's; those without any, by name."""
    seen: Counter[str] = Counter()
    for one in evaluation.comparisons if evaluation else ():
        if one.metric == ERRORS:
            seen[one.component] += one.canary.requests + one.stable.requests
    return sorted(names, key=lambda name: (-seen[name], name))
