"""Whether errors come one by one or in clusters, estimated from stable's own counts before it matters.

The test assumes that every failed request is assigned to its side independently. Retries of one client that stays on a
side, or one broken container, violate that: five errors are then one piece of evidence, and not five. The size of such
clusters shows in stable's counts, as the spread between neighbouring intervals beyond that of independent errors. It
compares neighbours, because a rate that changes for all visitors (a burst, a slow day) is no cluster. Where the rate
changes, neighbours differ as much as with a huge cluster; so a single pair has little influence, and only many pairs
together establish clusters.
"""

from dataclasses import dataclass, replace
from math import sqrt

from controller.domain.deployment import Counts
from controller.domain.judging.interval import NONE

SURE = 3.0
"""How many standard errors beyond independence establish clusters."""
CAUTION = 2.0
"""An hour has few clusters, so their size is uncertain: an established size is multiplied by this."""
HEAVIEST = 2
"""A pair with one error counts once, with more errors twice: so an outage of thousands counts no more than a pair."""
MOST = 4.0
"""A pair counts for at most this many times the spread so far."""


@dataclass(frozen=True)
class Tally:
    """`pairs` of neighbouring intervals with errors, the sum of their `spread` by `weight`, and the last interval."""

    pairs: int = 0
    weight: int = 0
    spread: float = 0.0
    last: Counts = NONE

    def after(self, stable: Counts) -> "Tally":
        """The tally with one more interval; an interval without requests changes nothing."""
        if not stable.requests:
            return self
        both = self.last + stable
        if not self.last.requests or not 0 < both.errors < both.requests:
            return replace(self, last=stable)
        weight = min(both.errors, HEAVIEST)
        spread = min(_spread(self.last, stable), MOST * self._size)
        return Tally(self.pairs + 1, self.weight + weight, self.spread + weight * spread, stable)

    @property
    def cluster_size(self) -> float:
        """How many errors come together: 1 unless stable's counts establish clusters."""
        sure = self.pairs and self._size > 1 + SURE * sqrt(3 / self.pairs)
        return self._size * CAUTION if sure else 1.0

    @property
    def _size(self) -> float:
        return max(1.0, self.spread / self.weight) if self.weight else 1.0


NEW = Tally()


def _spread(one: Counts, other: Counts) -> float:
    """Pearson's chi-square: its mean is 1 and its variance 2 for independent errors at any rate; m times for clusters.

    `m` is the size of the clusters.
    """
    both = one + other
    difference = other.errors * one.requests - one.errors * other.requests
    independent = one.requests * other.requests * both.errors * (both.requests - both.errors)
    return difference**2 * both.requests / independent
