"""Do errors come one by one, or several for one reason? Told by stable's own counts, before they are needed.

The test takes it that every failed request chose its side by itself. Retries of one client that sticks to a side, or
one sick container, break that: five errors are then one piece of evidence, and not five. How many there are together is
seen in stable's counts, as the spread between neighbouring intervals beyond what independent errors have. Neighbours,
because a rate that changes for everybody (a burst, a slow day) is no cluster.
"""

from dataclasses import dataclass
from math import sqrt

from controller.domain.deployment import Counts
from controller.domain.evidence import NONE

SURE = 3.0
"""Standard errors beyond independence from which clusters are believed in."""
CAUTION = 1.5
"""Few clusters are seen in an hour, so their size is uncertain; what is believed in is taken this much larger."""


@dataclass(frozen=True)
class Tally:
    """`pairs` of neighbouring intervals, the sum of their `spread`, all counts, and the last interval's."""

    pairs: int = 0
    spread: float = 0.0
    total: Counts = NONE
    last: Counts = NONE

    def after(self, stable: Counts) -> "Tally":
        """The tally with one more interval; one without requests says nothing."""
        if not stable.requests:
            return self
        total, last = self.total + stable, self.last
        if not last.requests:
            return Tally(self.pairs, self.spread, total, stable)
        spread = _spread(last, stable) if last.errors or stable.errors else 0.0
        return Tally(self.pairs + 1, self.spread + spread, total, stable)

    @property
    def together(self) -> float:
        """How many errors come together: 1 unless stable's counts say otherwise beyond doubt."""
        rate = self.total.error_rate
        if not self.pairs or not 0 < rate < 1:
            return 1.0
        index = self.spread / self.pairs / (rate * (1 - rate))
        each = self.total.errors / (self.pairs + 1)
        doubt = sqrt(1.5 * (0.5 / each + 2) / self.pairs)
        return index * CAUTION if index > 1 + SURE * doubt else 1.0


NEW = Tally()


def _spread(one: Counts, other: Counts) -> float:
    """For independent errors at a rate p this is p(1 - p) on average; for clusters, times their index of dispersion."""
    difference = other.errors * one.requests - one.errors * other.requests
    return difference**2 / (one.requests * other.requests * (one.requests + other.requests))
