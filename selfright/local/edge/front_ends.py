"""Lambda's front ends when there is weather: each learns of an alias at a time of its own."""

import random
import threading
from collections.abc import Callable

from selfright.local.edge.alias import Route
from selfright.local.spreading import Places

FRONT_ENDS = 4
"""How many front ends an alias has; every request goes to one of them by chance."""


class FrontEnds:
    """Routes by what one of the front ends knows of an alias, even to a version that has been deleted."""

    def __init__(
        self,
        read: Callable[[], Route],
        late: Callable[[], float],
        dice: Callable[[], float] = random.random,
    ) -> None:
        """`read` gives the alias as it is written, `late` the seconds until one front end knows a change of it."""
        self._read, self._late, self._dice = read, late, dice
        self._lock = threading.Lock()
        self._places: Places[Route] | None = None

    def choose(self) -> tuple[str, str]:
        """The version for the next request, and its qualified ARN."""
        places = self._places or self.learn()
        route = places.at(int(self._dice() * len(places)))
        version = route.choose(self._dice())
        return version, f"{route.arn}:{version}"

    def learn(self) -> Places[Route]:
        """Read the alias; if it has changed, the front ends will know one after the other."""
        route = self._read()
        with self._lock:
            if self._places is None:
                self._places = Places(FRONT_ENDS, self._late, route)
            self._places.tell(route)
            return self._places
