"""How late AWS is: the figures, their sources, and a seeded way to draw from them.

The local AWS plays them in real time, the simulator of the tests in virtual time, and `selfright prove` compares them
with a real account. No code that runs in AWS knows them.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Literal, TypeAlias, get_args

Climate: TypeAlias = Literal["still", "aws", "storm"]
"""`still`: everything happens at once; `aws`: as AWS says; `storm`: the worst that its documentation allows."""
CLIMATES: tuple[Climate, ...] = get_args(Climate)


@dataclass(frozen=True)
class Lateness:
    """How late something is in one climate, in seconds; it happens in a `share` (0 to 1) of all cases."""

    median: float = 0
    worst: float = 0
    share: float = 1


@dataclass(frozen=True)
class Figure:
    """One fact about AWS: what it is about, how late, how sure that is (percent), and where it comes from."""

    name: str
    about: str
    aws: Lateness
    storm: Lateness
    sure: int
    source: str

    def lateness(self, climate: Climate) -> Lateness:
        """How late it is in this climate."""
        return {"still": Lateness(), "aws": self.aws, "storm": self.storm}[climate]


@cache
def figures() -> Mapping[str, Figure]:
    """All figures, by name."""
    text = files(__name__).joinpath("figures.toml").read_text(encoding="utf-8")
    return {name: _figure(name, given) for name, given in tomllib.loads(text).items()}


def _figure(name: str, given: Mapping[str, Any]) -> Figure:
    aws, storm = Lateness(**given["aws"]), Lateness(**given["storm"])
    return Figure(name, given["about"], aws, storm, given["sure"], given["source"])


class Weather:
    """Draws how late things are; the same seed gives the same figures in the same order of questions."""

    def __init__(self, climate: Climate, seed: int = 0, factor: float = 1) -> None:
        """All times are multiplied by `factor`: 0.01 makes minutes of AWS to seconds here."""
        self.climate, self.seed, self.factor = climate, seed, factor
        self._random = Random(f"{climate} {seed}")  # noqa: S311 - a game, not a secret

    def late(self, name: str) -> float:
        """Seconds by which the thing of this name is late this time; 0 when it does not happen.

        Between median²/worst and worst, with the median in the middle, on a logarithmic scale.
        """
        lateness = figures()[name].lateness(self.climate)
        where, happens = self._random.triangular(-1, 1, 0), self._random.random() < lateness.share
        if not lateness.median or not happens:
            return 0
        return self.factor * lateness.median * math.pow(lateness.worst / lateness.median, where)

    def happens(self, name: str) -> bool:
        """Whether something that happens only in a share of all cases does so this time; never when it is still."""
        lateness = figures()[name].lateness(self.climate)
        return self._random.random() < lateness.share and lateness.median > 0

    def worst(self, name: str) -> float:
        """Seconds by which the thing of this name is late at most."""
        return self.factor * figures()[name].lateness(self.climate).worst
