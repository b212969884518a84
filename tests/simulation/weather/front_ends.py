"""Lambda's front ends: each routes as the alias was when it last learned of it."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from selfright.weather import Weather
from tests.simulation.aws.lambdas import Lambda
from tests.simulation.weather.arrivals import Arrivals, Change

FRONT_ENDS = 4


class Routed(NamedTuple):
    """Where an invocation goes: the version, whether the alias has weights there, and whether the version exists."""

    version: str
    is_weighted: bool
    is_there: bool


class FrontEnds:
    """All front ends, for one alias of one function. Moments are seconds of the run."""

    def __init__(  # noqa: PLR0913, PLR0917 - whose alias, and by whose time and chance
        self,
        now: Callable[[], float],
        weather: Weather,
        chance: Random,
        lambdas: Lambda,
        function: str,
        alias: str,
    ) -> None:
        """The alias as it is now is known everywhere."""
        self._now, self._weather, self._chance, self._lambdas = now, weather, chance, lambdas
        self._function, self._alias = function, alias
        self.arrivals = Arrivals([Change(now(), (0.0,) * FRONT_ENDS)])
        self._views = [lambdas.live(function, alias)]
        lambdas.on_alias = self._on_alias
        lambdas.route = self._route

    def routed(self, front_end: int) -> Routed:
        """Where a front end sends an invocation through the alias."""
        main, shares = self._views[self.arrivals.newest_at(front_end, self._now())]
        version, luck = main, self._chance.random()
        for other, share in shares.items():
            luck -= share
            if luck < 0:
                version = other
                break
        return Routed(version, bool(shares), self._lambdas.has_version(self._function, version))

    def any_routed(self) -> Routed:
        """Where any front end sends an invocation."""
        return self.routed(self._chance.randrange(FRONT_ENDS))

    def _on_alias(self, function: str, alias: str) -> None:
        if (function, alias) == (self._function, self._alias):
            now = self._now()
            self._views.append(self._lambdas.live(function, alias))
            learned = [now + self._weather.late("alias_learned") for _ in range(FRONT_ENDS)]
            self.arrivals.changes.append(Change(now, learned))

    def _route(self, function: str, alias: str, version: str) -> str:
        """The version by which Lambda answers somebody's own invocation."""
        return self.any_routed().version if (function, alias) == (self._function, self._alias) else version
