"""Virtual releases: past traffic, divided by chance into a stable and a canary side, and judged as a release would be.

The canary's side of a minute is drawn from that minute's own requests, so it has their bursts, waves and clusters. A
good release leaves these requests as they are; a bad one makes some of the good ones fail. The judge is the
controller's own code.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Literal

from controller.domain.deployment import Counts, Step
from controller.domain.environment import JudgePolicy
from controller.domain.judging.burn_rate import Served, exceeded_limit
from controller.domain.judging.evidence import PAST, Carried, Evidence, judged
from controller.domain.judging.interval import NONE, Interval
from controller.domain.judging.sequential.trial import Trial, begin, learn, shifted, weigh
from controller.domain.judging.verdict import MISSING, Verdict
from controller.domain.strategy import ALL
from selfright.account.past_requests import MINUTE, Past

End = Literal["promoted", "rolled_back", "undecided"]
"""`undecided`: too little evidence even after the bake was extended; the policy decides what happens then."""
PERIOD = timedelta(seconds=MINUTE)
_ONE_BY_ONE = 400
"""Up to this number, draws are made one by one and are exact; above it, they are approximated."""


@dataclass(frozen=True)
class Ended:
    """How a virtual release ended, and when: seconds from its first shift, with the metrics' delay for a rollback."""

    end: End
    seconds: float
    reason: str = ""


@dataclass(frozen=True)
class Virtual:
    """Makes virtual releases from the components' `past`, with these steps and this policy."""

    past: Mapping[str, Past]
    steps: Sequence[Step]
    policy: JudgePolicy
    watched: Sequence[Step] = field(init=False)

    def __post_init__(self) -> None:
        compared = [step for step in self.steps if step.weight < ALL and step.bake]
        object.__setattr__(self, "watched", compared)

    def run(self, start: datetime, chance: random.Random, worse: float = 0.0) -> Ended:
        """Run a release with its first shift at `start` (a full minute); `worse` adds to the canary's error rate."""
        trial, now = self._begun(start), start
        canary: list[Interval] = []
        for step in self.watched:
            trial = shifted(trial, now)
            length, verdict = ceil(step.bake / MINUTE), Verdict.HEALTHY
            for minutes in range(1, 2 * length + 1):
                canary += (news := list(self._minute(now, step.weight / ALL, chance, worse)))
                trial, now = weigh(trial, news), now + PERIOD
                evidence, last = Evidence(Carried(trial, {}), self._over(canary, now), now), minutes == 2 * length
                judgement = judged(evidence, self.policy, now, waited=last)
                verdict = judgement.verdict
                if verdict is Verdict.UNHEALTHY:
                    known = now + timedelta(seconds=self.policy.settled_seconds)
                    return Ended("rolled_back", (known - start).total_seconds(), judgement.reason)
                if self._is_over(verdict, minutes, length):
                    break
            if verdict in MISSING:
                return Ended("undecided", (now - start).total_seconds())
        return Ended("promoted", (now - start).total_seconds())

    def _over(self, canary: Sequence[Interval], now: datetime) -> str:
        """The limit that the canary exceeds, or ""; past durations are unknown, so theirs is not checked."""
        limits = self.policy.limits
        if limits.error_rate is None and not limits.minimum_successes:
            return ""
        said = (
            exceeded_limit(
                limits, [Served(one.since, one.until, one.canary) for one in canary if one.component == name], now
            )
            for name in self.past
        )
        return next((one for one in said if one), "")

    def _is_over(self, verdict: Verdict, minutes: int, length: int) -> bool:
        early = self.policy.promote_early and verdict is Verdict.PROMOTABLE
        return early or (minutes >= length and verdict not in MISSING)

    def _begun(self, start: datetime) -> Trial:
        """Begin the trial as the controller does: with the errors of stable in the hour before."""
        trial = begin(self.past, alpha=self.policy.alpha, tolerance=self.policy.tolerance)
        before = (
            Interval(name, at, at + PERIOD, NONE, counts)
            for name, past in self.past.items()
            for at, counts in past.between(start - PAST, start)
        )
        return learn(trial, before)

    def _minute(self, at: datetime, share: float, chance: random.Random, worse: float) -> Iterator[Interval]:
        for name, past in self.past.items():
            if counts := past.counts.get(at):
                canary, stable = divide(counts, share, chance)
                yield Interval(name, at, at + PERIOD, spoil(canary, worse, chance), stable)


def divide(counts: Counts, share: float, chance: random.Random) -> tuple[Counts, Counts]:
    """Divide requests at random: each goes to the canary with the probability `share`, whether it failed or not."""
    requests = binomial(counts.requests, share, chance)
    errors = _failed_among(requests, counts, chance)
    return Counts(requests, errors), Counts(counts.requests - requests, counts.errors - errors)


def spoil(counts: Counts, worse: float, chance: random.Random) -> Counts:
    """Make some of the good requests fail, so that the error rate is higher by `worse` on average."""
    if not worse:
        return counts
    good = counts.requests - counts.errors
    each = min(1.0, worse * counts.requests / good) if good else 0.0
    return Counts(counts.requests, counts.errors + binomial(good, each, chance))


def binomial(trials: int, share: float, chance: random.Random) -> int:
    """Draw how many of these trials succeed, each with the probability `share`."""
    if trials <= _ONE_BY_ONE:
        return sum(chance.random() < share for _ in range(trials))
    if trials * min(share, 1 - share) < _ONE_BY_ONE / 10:
        return _rare(trials, share, chance)
    spread = (trials * share * (1 - share)) ** 0.5
    return min(trials, max(0, round(chance.gauss(trials * share, spread))))


def _rare(trials: int, share: float, chance: random.Random) -> int:
    """Jump from one success to the next, at exponential distances; for a large share, draw the failures instead."""
    if share > 1 / 2:
        return trials - _rare(trials, 1 - share, chance)
    found, at = 0, chance.expovariate(1) if share else float("inf")
    while at < trials * share:
        found += 1
        at += chance.expovariate(1)
    return min(found, trials)


def _failed_among(chosen: int, counts: Counts, chance: random.Random) -> int:
    """Draw how many of the failed requests are among the chosen ones, without replacement."""
    if counts.errors > _ONE_BY_ONE:
        share = chosen / counts.requests
        left = (counts.requests - counts.errors) / max(1, counts.requests - 1)
        spread = (counts.errors * share * (1 - share) * left) ** 0.5
        low, high = max(0, chosen - (counts.requests - counts.errors)), min(chosen, counts.errors)
        return min(high, max(low, round(chance.gauss(counts.errors * share, spread))))
    found, left_over = 0, counts.requests
    for _ in range(counts.errors):
        found += chance.random() * left_over < chosen - found
        left_over -= 1
    return found
