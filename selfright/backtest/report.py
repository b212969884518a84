"""The back-test of one environment: virtual releases at random moments of its past, and its incidents once more."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from controller.domain.components.target import Target
from controller.domain.deployment import Counts, Step
from controller.domain.environment import Environment
from controller.domain.strategy import steps_of
from selfright.account.past_requests import Past
from selfright.backtest.alarm_history import Firing
from selfright.backtest.bounds import at_least, at_most
from selfright.backtest.incidents import Incident
from selfright.backtest.virtual import PERIOD, Ended, Virtual

Progress = Callable[[int], None]
"""Called with the number of further virtual releases that are done."""


@dataclass(frozen=True)
class Good:
    """How virtual releases ended that were as good as stable.

    `firing` is the number of releases during which an alarm of the environment fired; None when that may not be read.
    """

    releases: int
    rolled_back: int
    undecided: int
    firing: int | None = None
    reasons: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """The share (0 to 1) that the judge rolled back; all of these rollbacks are false."""
        return self.rolled_back / self.releases if self.releases else 0.0

    @property
    def at_most(self) -> float:
        """The upper bound of the true share, with 95 % confidence."""
        return at_most(self.rolled_back, self.releases)

    @property
    def at_least(self) -> float:
        """The lower bound of the true share, with 95 % confidence."""
        return at_least(self.rolled_back, self.releases)


@dataclass(frozen=True)
class Bad:
    """How virtual releases ended whose error rate was higher by `worse` (0 to 1); `median` is the seconds to catch."""

    worse: float
    releases: int
    caught: int
    median: float | None


@dataclass(frozen=True)
class Report:
    """The results of a back-test. `hours` is the time with traffic."""

    environment_key: str
    since: datetime
    until: datetime
    steps: tuple[Step, ...]
    alpha: float
    traffic: Mapping[str, Counts] = field(default_factory=dict)
    hours: float = 0.0
    good: Good | None = None
    bad: tuple[Bad, ...] = ()
    incidents: tuple[Incident, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def keeps_its_promise(self) -> bool:
        """Whether the result is consistent with the promised risk of a false rollback."""
        return self.good is None or self.good.at_least <= self.alpha


@dataclass(frozen=True)
class Backtest:
    """Virtual releases of an environment; the same `seed` gives the same ones."""

    environment: Environment
    past: Mapping[str, Past]
    since: datetime
    until: datetime
    seed: int = 1

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the environment's strategy."""
        return steps_of(self.environment.deployment_preference, self.environment.final_bake)

    @property
    def virtual(self) -> Virtual:
        """The maker of the virtual releases."""
        return Virtual(self.past, self.steps, self.environment.judge)

    def good(self, releases: int, firings: Sequence[Firing] | None, progress: Progress) -> Good:
        """Run releases that change nothing."""
        ended = list(self._run(releases, 0.0, progress))
        rolled_back = [one for _, one in ended if one.end == "rolled_back"]
        firing = None if firings is None else sum(_was_firing(firings, start, one) for start, one in ended)
        undecided = sum(one.end == "undecided" for _, one in ended)
        reasons = tuple(one.reason for one in rolled_back[:3])
        return Good(len(ended), len(rolled_back), undecided, firing, reasons)

    def bad(self, releases: int, worse: float, progress: Progress) -> Bad:
        """Run releases whose error rate is higher by `worse`."""
        ended = [one for _, one in self._run(releases, worse, progress)]
        caught = sorted(one.seconds for one in ended if one.end == "rolled_back")
        enough = len(caught) * 2 >= len(ended) > 0
        times = [*caught, *([float("inf")] * (len(ended) - len(caught)))]
        return Bad(worse, len(ended), len(caught), median(times) if enough else None)

    def _run(self, releases: int, worse: float, progress: Progress) -> Iterator[tuple[datetime, Ended]]:
        """Start releases at moments with traffic: without traffic, nothing could be learned."""
        chance, virtual = random.Random(f"{self.seed} {worse}"), self.virtual  # noqa: S311 - a simulation
        last = self.until - sum((timedelta(seconds=step.bake) for step in virtual.watched), start=PERIOD)
        moments = sorted({at for past in self.past.values() for at, _ in past.between(self.since, last)})
        for _ in range(releases if moments else 0):
            start = chance.choice(moments)
            yield start, virtual.run(start, chance, worse)
            progress(1)


def _was_firing(firings: Sequence[Firing], start: datetime, ended: Ended) -> bool:
    return any(one.overlaps(start, start + timedelta(seconds=ended.seconds)) for one in firings)


def functions_of(environment: Environment) -> dict[str, Target]:
    """The components that are measured by version."""
    return {name: one for name, one in environment.components.items() if one.measured_by_version}
