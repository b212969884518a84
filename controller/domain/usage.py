"""Which components are used most: on the way back they go first, because most visitors wait for them."""

from collections import Counter
from collections.abc import Iterable

from controller.domain.deployment import Look

ERRORS = "errors"
"""The comparison that counts all requests of a component."""


def most_used_first(names: Iterable[str], look: Look | None) -> list[str]:
    """The names by the requests that the last look saw, canary's and stable's; those that it did not see, by name."""
    seen: Counter[str] = Counter()
    for one in look.comparisons if look else ():
        if one.metric == ERRORS:
            seen[one.component] += one.canary.requests + one.stable.requests
    return sorted(names, key=lambda name: (-seen[name], name))
