"""The weather of one local AWS: its climate, its seed, and the factor that scales all times."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from selfright.weather import CLIMATES, Climate, Weather

A_MINUTE_IS_A_SECOND = 1 / 60
"""The usual factor. The times of the local environment are scaled alike: its periods are seconds, not minutes."""
MINUTE = 60
PERIODS = (1, 5, 10, 20, 30, 60)
"""The periods in seconds that CloudWatch has, up to a minute."""


@dataclass(frozen=True)
class LocalWeather:
    """How late things are on a local AWS; the same seed draws the same figures."""

    climate: Climate = "still"
    seed: int = 0
    factor: float = A_MINUTE_IS_A_SECOND

    def __post_init__(self) -> None:
        """Refuse what no local AWS can play."""
        if self.climate not in CLIMATES:
            raise ValueError(f"weather: {self.climate!r} is none of {', '.join(CLIMATES)}")
        if not 0 < self.factor <= 1:
            raise ValueError(f"factor: {self.factor:g} is not between 0 and 1 (1: all times are those of AWS)")

    @property
    def is_still(self) -> bool:
        """Whether everything happens at once, and nothing stands before the emulator."""
        return self.climate == "still"

    @property
    def minute(self) -> int:
        """What a minute of AWS takes here, in seconds; at least CloudWatch's shortest period."""
        return next((period for period in PERIODS if period >= MINUTE * self.factor), MINUTE)

    def drawn_for(self, part: str) -> Weather:
        """The source of chance for one part of the local AWS, so that no part disturbs another one's draws."""
        return Weather(self.climate, self.seed * 100 + sum(part.encode()) % 100, self.factor)

    def seconds(self, figure: str) -> int:
        """Whole seconds here after which the thing of this name has happened for certain."""
        return math.ceil(Weather(self.climate, self.seed, self.factor).worst(figure))

    def words(self) -> list[str]:
        """As words of a command line."""
        return [self.climate, str(self.seed), repr(self.factor)]


def from_words(words: Sequence[str]) -> LocalWeather:
    """Read the words of `LocalWeather.words`."""
    climate, seed, factor = words
    return LocalWeather(cast("Climate", climate), int(seed), float(factor))
