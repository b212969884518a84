"""Places that learn of a change one after the other: edge locations of a publication, Lambda front ends of an alias."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Told = TypeVar("Told")


class Places(Generic[Told]):
    """So many places; each learns of what is told at a time of its own, and never goes back to what is older.

    What is told first, everybody knows at once: before it there was nothing.
    """

    def __init__(
        self, count: int, late: Callable[[], float], first: Told, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Of `count` places, each learns of a change `late()` seconds after it was told."""
        self._late, self._clock = late, clock
        self._lock = threading.Lock()
        self._latest = first
        self._known = [first] * count
        self._coming: list[list[tuple[float, Told]]] = [[] for _ in range(count)]

    def __len__(self) -> int:
        """The number of places."""
        return len(self._known)

    def tell(self, told: Told) -> None:
        """This has been written now; nothing happens when it is what was told last."""
        with self._lock:
            if told == self._latest:
                return
            self._latest = told
            now = self._clock()
            for coming in self._coming:
                coming.append((now + self._late(), told))

    def at(self, place: int) -> Told:
        """What this place knows now."""
        with self._lock:
            now, coming = self._clock(), self._coming[place]
            arrived = [number for number, (when, _) in enumerate(coming) if when <= now]
            if arrived:
                self._known[place] = coming[arrived[-1]][1]
                del coming[: arrived[-1] + 1]
            return self._known[place]
