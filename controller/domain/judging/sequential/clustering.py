"""Do errors come one by one, or several for one reason? Told by stable's own counts, before they are needed.

The test takes it that every failed request chose its side by itself. Retries of one client that sticks to a side, or
one sick container, break that: five errors are then one piece of evidence, and not five. How many there are together is
seen in stable's counts, as the spread between neighbouring intervals beyond what independent errors have. Neighbours,
because a rate that changes for everybody (a burst, a slow day) is no cluster. Where it changes, neighbours differ as by
a huge one; so no pair of them says much by itself: clusters are believed in when many pairs have seen them.
"""

from dataclasses import dataclass, replace
from math import sqrt

from controller.domain.deployment import Counts
from controller.domain.judging.interval import NONE

SURE = 3.0
"""Standard errors beyond independence from which clusters are believed in."""
CAUTION = 2.0
"""Few clusters are seen in an hour, so their size is uncertain; what is believed in is taken this much larger."""
HEAVIEST = 2
"""A pair counts once for one error, and twice for more: an outage of thousands is no more than a pair, either."""
MOST = 4.0
"""A pair counts for at most so many times the spread so far."""


@dataclass(frozen=True)
class Tally:
    """`pairs` of neighbouring intervals with errors, the sum of their `spread` by `weight`, and the last interval."""

    pairs: int = 0
    weight: int = 0
    spread: float = 0.0
    last: Counts = NONE

    def after(self, stable: Counts) -> "Tally":
        """The tally with one more interval; one without requests says nothing."""
        if not stable.requests:
            return self
        both = self.last + stable
        if not self.last.requests or not 0 < both.errors < both.requests:
            return replace(self, last=stable)
        weight = min(both.errors, HEAVIEST)
        spread = min(_spread(self.last, stable), MOST * self._size)
        return Tally(self.pairs + 1, self.weight + weight, self.spread + weight * spread, stable)

    @property
    def together(self) -> float:
        """How many errors come together: 1 unless stable's counts say otherwise beyond doubt."""
        sure = self.pairs and self._size > 1 + SURE * sqrt(3 / self.pairs)
        return self._size * CAUTION if sure else 1.0

    @property
    def _size(self) -> float:
        return max(1.0, self.spread / self.weight) if self.weight else 1.0


NEW = Tally()


def _spread(one: Counts, other: Counts) -> float:
    """Pearson's chi-square: for independent errors at any rate 1 on average, with a variance of 2; m times for m."""
    both = one + other
    difference = other.errors * one.requests - one.errors * other.requests
    independent = one.requests * other.requests * both.errors * (both.requests - both.errors)
    return difference**2 * both.requests / independent
