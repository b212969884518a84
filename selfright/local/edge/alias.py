"""Which version an alias leads to, chosen by its weights as Lambda does."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

MEMORY_SECONDS = 0.05
"""How long an alias is remembered: a shift reaches visitors within this time."""


@dataclass(frozen=True)
class Route:
    """An alias at one moment: the main version and what part of the requests goes to others."""

    arn: str
    """The function's ARN, unqualified."""
    version: str
    weights: Mapping[str, float] = field(default_factory=dict)

    def choose(self, dice: float) -> str:
        """The version for a number between 0 and 1."""
        for version, weight in self.weights.items():
            if dice < weight:
                return version
            dice -= weight
        return self.version


class VersionChoice(Protocol):
    """Leads requests to versions."""

    def choose(self) -> tuple[str, str]:
        """The version for the next request, and its qualified ARN."""

    def learn(self) -> object:
        """Look whether the alias has been moved."""


class EdgeAlias:
    """Caches an alias for a moment, so that a busy edge does not read it for every request."""

    def __init__(
        self,
        read: Callable[[], Route],
        clock: Callable[[], float] = time.monotonic,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self._read, self._clock, self._dice = read, clock, dice
        self._lock = threading.Lock()
        self._route: Route | None = None
        self._until = 0.0

    def learn(self) -> None:
        """Nothing to do: it is read again soon enough."""

    def choose(self) -> tuple[str, str]:
        """The version for the next request, and its qualified ARN."""
        route = self._current()
        version = route.choose(self._dice())
        return version, f"{route.arn}:{version}"

    def _current(self) -> Route:
        with self._lock:
            now = self._clock()
            if self._route is None or now >= self._until:
                self._route = self._read()
                self._until = now + MEMORY_SECONDS
            return self._route
