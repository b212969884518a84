"""What a strategy's bakes can see, said beforehand: the smallest regression that the judge would catch, and how soon.

If the canary is as good, an error falls on it with its share of the requests; the bet of `sequential.stream` wins by
what differs. Here that bet is made on simulated counts (Poisson, the same seed each time), without the split's
finite-population correction, which is far below the accuracy that is asked for.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, exp, log, sqrt

from controller.domain.deployment import Step
from controller.domain.judging.sequential.priors import ERROR_PRIOR
from controller.domain.judging.sequential.split import log_sum
from controller.domain.strategy import ALL

POWER = 0.95
"""The probability with which a regression must be caught to count as seen."""
RELEASES = 400
"""Simulated releases: a probability of 95 % is known to about one percent."""
MOST_EVALUATIONS = 60
"""Looks of a step that are simulated; real ones in between make it a little quicker."""
LONGEST = 24 * 3600
"""A suggested bake is no longer, in seconds: a strategy allows no more."""
WEIGHTS = (1, 2, 5, 10, 15, 20, 25, 30, 40, 50)
"""The weights that are suggested; beyond one half, stable is the side that is seen too seldom."""
_SEARCHES = 12
_INVERSION = 50
"""Poisson means up to this are drawn exactly; above, the normal approximation is as good as exact."""


@dataclass(frozen=True)
class RequestRate:
    """What usually comes: requests a second on both sides together, and the share (0 to 1) of them that fails."""

    per_second: float
    error_rate: float


@dataclass(frozen=True)
class PowerTerms:
    """What is judged by: the e-value at which a release is rolled back, and the seconds between two evaluations."""

    limit: float
    evaluate_every: int = 60


@dataclass(frozen=True)
class Sight:
    """A canary's error rate (0 to 1), the chance that it is caught, and when, in seconds from the first shift.

    `median` and `late` are the times until half, and until `POWER`, of such releases are caught; None if they are not.
    """

    error_rate: float
    chance: float
    median: float | None
    late: float | None


def sight(steps: Sequence[Step], traffic: RequestRate, terms: PowerTerms, error_rate: float) -> Sight:
    """How a canary with this error rate fares in these steps; at weight 100 there is nothing to compare with."""
    course = _Course(tuple(steps), traffic, terms)
    times = sorted(course.caught(error_rate))
    return Sight(error_rate, len(times) / RELEASES, _at(times, 0.5), _at(times, POWER))


def smallest(steps: Sequence[Step], traffic: RequestRate, terms: PowerTerms) -> Sight | None:
    """The smallest regression that is caught with the probability `POWER`; None when not even total failure is."""
    course = _Course(tuple(steps), traffic, terms)
    if not course.sees(1.0):
        return None
    low, high = log(traffic.error_rate), 0.0
    for _ in range(_SEARCHES):
        middle = (low + high) / 2
        low, high = (low, middle) if course.sees(exp(middle)) else (middle, high)
    return sight(steps, traffic, terms, exp(high))


def seconds_for_any_test(traffic: RequestRate, error_rate: float, weight: int, alpha: float) -> float:
    """So long a test needs on average that is wrong with at most `alpha` and right with `POWER`; infinite if never.

    Wald's bound (1945) for any test, even one that knows both rates beforehand: the expected number of the canary's
    requests is at least the divergence of its two outcomes, by the divergence of one request.
    """
    each = _divergence(error_rate, traffic.error_rate)
    requests_per_second = traffic.per_second * weight / ALL
    if not each or not requests_per_second:
        return float("inf")
    return _divergence(POWER, alpha) / each / requests_per_second


def bake_for(weight: int, traffic: RequestRate, terms: PowerTerms, error_rate: float) -> int | None:
    """The bake (whole minutes, in seconds) in which a first step of this weight sees this rate; None if over a day."""
    longest = LONGEST // 60
    if not _sees(weight, 60 * longest, traffic, terms, error_rate):
        return None
    short, enough = 0, longest
    while enough - short > max(1, enough // 20):
        middle = (short + enough) // 2
        short, enough = (short, middle) if _sees(weight, 60 * middle, traffic, terms, error_rate) else (middle, enough)
    return 60 * enough


def weight_for(bake: int, traffic: RequestRate, terms: PowerTerms, error_rate: float) -> int | None:
    """The smallest of `WEIGHTS` with which a first step of this bake sees this rate; None when none does."""
    return next((weight for weight in WEIGHTS if _sees(weight, bake, traffic, terms, error_rate)), None)


def _sees(weight: int, bake: int, traffic: RequestRate, terms: PowerTerms, error_rate: float) -> bool:
    return _Course((Step(weight, bake),), traffic, terms).sees(error_rate)


def _at(times: Sequence[float], share: float) -> float | None:
    """When this share of all releases was caught."""
    needed = ceil(share * RELEASES)
    return times[needed - 1] if len(times) >= needed else None


@dataclass(frozen=True)
class _Course:
    """The evaluations of a release: how long each interval is, and which weight it has."""

    steps: tuple[Step, ...]
    traffic: RequestRate
    terms: PowerTerms

    @cached_property
    def intervals(self) -> list[tuple[float, float, tuple[float, ...]]]:
        """Seconds, the canary's share, and what an error costs each bet, for every interval between looks."""
        found = []
        for step in self.steps:
            if step.weight >= ALL or not step.bake:
                continue
            evaluations = min(MOST_EVALUATIONS, max(1, step.bake // self.terms.evaluate_every))
            share = step.weight / ALL
            costs = tuple(log(1 + (odds - 1) * share) for odds in ERROR_PRIOR.odds)
            found += [(step.bake / evaluations, share, costs)] * evaluations
        return found

    def sees(self, error_rate: float) -> bool:
        """Whether enough releases with this error rate are caught."""
        return len(list(self.caught(error_rate))) >= POWER * RELEASES

    def caught(self, error_rate: float) -> Iterator[float]:
        """The seconds after which each release is caught, of those that are."""
        chance = random.Random(1)  # noqa: S311 - a simulation, the same every time
        for _ in range(RELEASES):
            draws = [(chance.random(), chance.random()) for _ in self.intervals]
            if (seconds := self._release(error_rate, draws)) is not None:
                yield seconds

    def _release(self, error_rate: float, draws: Sequence[tuple[float, float]]) -> float | None:
        logs, seconds, limit = list(ERROR_PRIOR.log_shares), 0.0, log(self.terms.limit)
        for (length, share, costs), (one, other) in zip(self.intervals, draws, strict=True):
            seconds += length
            requests = self.traffic.per_second * length
            canary = poisson(requests * share * error_rate, one)
            errors = canary + poisson(requests * (1 - share) * self.traffic.error_rate, other)
            if not errors:
                continue
            parts = zip(logs, ERROR_PRIOR.log_odds, costs, strict=True)
            logs = [value + canary * odds - errors * cost for value, odds, cost in parts]
            if canary and log_sum(logs) >= limit:
                return seconds
        return None


def poisson(mean: float, chance: float) -> int:
    """The number below which a Poisson variable lies with this chance (0 to 1): the same chance, more with the mean."""
    if mean > _INVERSION:
        return max(0, round(mean + sqrt(mean) * _normal(chance)))
    term = below = exp(-mean)
    number = 0
    while below < chance and term > 0:
        number += 1
        term *= mean / number
        below += term
    return number


def _normal(chance: float) -> float:
    """The quantile of the normal distribution, by Tukey's lambda distribution: good to two hundredths of a sigma."""
    return float((chance**0.1349 - (1 - chance) ** 0.1349) / 0.1975)


def _divergence(one: float, other: float) -> float:
    """Kullback and Leibler's, of two coins with these chances; infinite where the other one is certain."""
    total = 0.0
    for p, q in ((one, other), (1 - one, 1 - other)):
        if p > 0:
            total += p * log(p / q) if q > 0 else float("inf")
    return total
