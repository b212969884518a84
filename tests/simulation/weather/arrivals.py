"""When a written change has arrived at the last of those that learn of it: what nobody in AWS can ask for."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Change:
    """A change: when it was written, when each place learns of it, and when AWS itself says that it is done."""

    written: float
    learned: Sequence[float]
    said: float = 0.0


@dataclass
class Arrivals:
    """The changes of one thing, in the order in which they were written; all moments are seconds of the run."""

    changes: list[Change] = field(default_factory=list)

    def newest_at(self, place: int, moment: float) -> int:
        """The number of the newest change that a place knows; -1 for none. A place never goes back to an older one."""
        known = (number for number in reversed(range(len(self.changes))) if self._knows(number, place, moment))
        return next(known, -1)

    def _knows(self, number: int, place: int, moment: float) -> bool:
        return self.changes[number].learned[place] <= moment

    def arrived(self, until: float) -> float:
        """When the last place knew the newest change that was written until then (or a later one), and AWS said so."""
        last = max((number for number, one in enumerate(self.changes) if one.written <= until), default=-1)
        if last < 0:
            return 0.0
        places = range(len(self.changes[last].learned))
        learned = [min(one.learned[place] for one in self.changes[last:]) for place in places]
        return max(self.changes[last].said, *learned)
