"""The power of a strategy's bakes, forecast: the smallest regression that the judge would catch, and how soon.

If the canary is as good as stable, an error falls on it with its share of the requests; the bet of `sequential.stream`
wins by the difference from that. Here the bet is made on simulated counts (Poisson, the same seed each time), without
the split's finite-population correction, which is far below the required accuracy.
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
"""The probability with which a regression must be caught to count as detectable."""
RELEASES = 400
"""Simulated releases: this estimates a probability of 95 % to about one percent."""
MOST_EVALUATIONS = 60
"""The most evaluations of a step that are simulated; with more of them, real ones are a little quicker."""
LONGEST = 24 * 3600
"""The longest bake that is suggested, in seconds: a strategy allows no more."""
WEIGHTS = (1, 2, 5, 10, 15, 20, 25, 30, 40, 50)
"""The weights that are suggested; above one half, stable gets too few requests."""
_SEARCHES = 12
_INVERSION = 50
"""Poisson variables with means up to this are drawn exactly; above, the normal approximation is close enough."""


@dataclass(frozen=True)
class RequestRate:
    """The usual traffic: requests a second on both sides together, and the share (0 to 1) of them that fails."""

    per_second: float
    error_rate: float


@dataclass(frozen=True)
class PowerTerms:
    """The judge's terms: the e-value at which a release is rolled back, and the seconds between two evaluations."""

    limit: float
    evaluate_every: int = 60


@dataclass(frozen=True)
class Detection:
    """A canary's error rate (0 to 1), the chance that the judge catches it, and the seconds from the first shift.

    `median` and `late` are the times after which half, and `POWER`, of such releases are caught; None if they are not.
    """

    error_rate: float
    chance: float
    median: float | None
    late: float | None


def detection(steps: Sequence[Step], traffic: RequestRate, terms: PowerTerms, error_rate: float) -> Detection:
    """The detection of a canary with this error rate in these steps; a step of weight 100 compares nothing."""
    course = _Simulation(tuple(steps), traffic, terms)
    times = sorted(course.caught(error_rate))
    return Detection(error_rate, len(times) / RELEASES, _at(times, 0.5), _at(times, POWER))


def smallest(steps: Sequence[Step], traffic: RequestRate, terms: PowerTerms) -> Detection | None:
    """The smallest regression that is caught with the probability `POWER`; None when not even total failure is."""
    course = _Simulation(tuple(steps), traffic, terms)
    if not course.sees(1.0):
        return None
    low, high = log(traffic.error_rate), 0.0
    for _ in range(_SEARCHES):
        middle = (low + high) / 2
        low, high = (low, middle) if course.sees(exp(middle)) else (middle, high)
    return detection(steps, traffic, terms, exp(high))


def seconds_for_any_test(traffic: RequestRate, error_rate: float, weight: int, alpha: float) -> float:
    """The least average seconds of any test that detects this rate with `POWER` at risk `alpha`; infinite if never.

    Wald's bound (1945) holds for any test, even one that knows both rates beforehand: the expected number of the
    canary's requests is at least the divergence of its two outcomes, divided by the divergence of one request.
    """
    each = _divergence(error_rate, traffic.error_rate)
    requests_per_second = traffic.per_second * weight / ALL
    if not each or not requests_per_second:
        return float("inf")
    return _divergence(POWER, alpha) / each / requests_per_second


def bake_for(weight: int, traffic: RequestRate, terms: PowerTerms, error_rate: float) -> int | None:
    """The seconds (whole minutes) of the bake in which a first step of this weight detects this rate.

    None if that is more than a day.
    """
    longest = LONGEST // 60
    if not _sees(weight, 60 * longest, traffic, terms, error_rate):
        return None
    short, enough = 0, longest
    while enough - short > max(1, enough // 20):
        middle = (short + enough) // 2
        short, enough = (short, middle) if _sees(weight, 60 * middle, traffic, terms, error_rate) else (middle, enough)
    return 60 * enough


def weight_for(bake: int, traffic: RequestRate, terms: PowerTerms, error_rate: float) -> int | None:
    """The smallest of `WEIGHTS` with which a first step of this bake detects this rate; None when none does."""
    return next((weight for weight in WEIGHTS if _sees(weight, bake, traffic, terms, error_rate)), None)


def _sees(weight: int, bake: int, traffic: RequestRate, terms: PowerTerms, error_rate: float) -> bool:
    return _Simulation((Step(weight, bake),), traffic, terms).sees(error_rate)


def _at(times: Sequence[float], share: float) -> float | None:
    """The time after which this share of all releases was caught; None when fewer were caught."""
    needed = ceil(share * RELEASES)
    return times[needed - 1] if len(times) >= needed else None


@dataclass(frozen=True)
class _Simulation:
    """The simulated evaluations of releases: the length of each interval, and its weight."""

    steps: tuple[Step, ...]
    traffic: RequestRate
    terms: PowerTerms

    @cached_property
    def intervals(self) -> list[tuple[float, float, tuple[float, ...]]]:
        """Seconds, the canary's share, and each bet's cost of an error, for every interval between evaluations."""
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
        """Whether the judge catches enough releases with this error rate."""
        return len(list(self.caught(error_rate))) >= POWER * RELEASES

    def caught(self, error_rate: float) -> Iterator[float]:
        """The seconds until each caught release is caught."""
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
    """The quantile of a Poisson variable at this chance (0 to 1): for the same chance it grows with the mean."""
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
    """The quantile of the normal distribution, by Tukey's lambda distribution: right to two hundredths of a sigma."""
    return float((chance**0.1349 - (1 - chance) ** 0.1349) / 0.1975)


def _divergence(one: float, other: float) -> float:
    """The Kullback-Leibler divergence of two coins with these chances; infinite where the other one is certain."""
    total = 0.0
    for p, q in ((one, other), (1 - one, 1 - other)):
        if p > 0:
            total += p * log(p / q) if q > 0 else float("inf")
    return total
