"""One stream of evidence: one component's errors, or its requests slower than a threshold.

A bet against "the canary is not worse": its wealth is an e-process, so by Ville's inequality it reaches `limit` with a
probability of at most 1 / limit, however often one looks and whenever one stops.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log
from typing import Self

from controller.domain.deployment import Counts
from controller.domain.evidence import NONE
from controller.domain.sequential.clustering import NEW, Tally
from controller.domain.sequential.split import Split, log_sum, split

Prior = Mapping[float, float]
"""Odds ratio → its share of the bet; the shares sum to 1."""


@dataclass(frozen=True)
class Stream:
    """What is kept of a stream.

    `logs` are the log-likelihood ratios of the prior's odds ratios against "no difference". `gain` is the log of what
    was won by never betting for more than the limit.
    """

    logs: tuple[float, ...]
    gain: float = 0.0
    canary: Counts = NONE
    stable: Counts = NONE
    tally: Tally = NEW

    @classmethod
    def fresh(cls, prior: Prior) -> Self:
        """A stream that has seen nothing."""
        return cls((0.0,) * len(prior))

    def log_wealth(self, prior: Prior) -> float:
        """The log of the e-value."""
        shares = [log(share) + value for share, value in zip(prior.values(), self.logs, strict=True)]
        return self.gain + log_sum(shares)


def fold(stream: Stream, prior: Prior, limit: float, canary: Counts, stable: Counts) -> Stream:
    """The stream after one more interval.

    `limit` is the log of the wealth at which the bet is won: the stream then only counts. The evidence is divided by
    the number of errors that come together, as it was known before the interval.
    """
    canaries, stables, tally = stream.canary + canary, stream.stable + stable, stream.tally.after(stable)
    counted = replace(stream, canary=canaries, stable=stables, tally=tally)
    together = stream.tally.together
    errors = canary.errors + stable.errors
    wealth = stream.log_wealth(prior)
    if not (canary.requests and stable.requests and errors) or wealth >= limit:
        return counted
    drawn = split(canary.requests, stable.requests, errors)
    normalisers = drawn.log_normalisers(tuple(prior))
    moves = [
        (canary.errors * log(odds) - normaliser) / together for odds, normaliser in zip(prior, normalisers, strict=True)
    ]
    logs = tuple(value + move for value, move in zip(stream.logs, moves, strict=True))
    gain = _boost(stream, prior, drawn, normalisers, limit - wealth) if together <= 1 else 0.0
    after = replace(counted, logs=logs, gain=stream.gain + gain)
    return _won(after, prior, limit) if after.log_wealth(prior) >= limit else after


def _won(stream: Stream, prior: Prior, limit: float) -> Stream:
    return replace(stream, gain=stream.gain + limit - stream.log_wealth(prior))


def _boost(stream: Stream, prior: Prior, drawn: Split, normalisers: Sequence[float], room: float) -> float:
    """The log of the largest b with E[min(b * factor, limit / wealth)] = 1.

    What a bet wins beyond its limit is of no use to it. Paid out before instead, in all the cases that do not reach the
    limit, it makes the bet stronger at the same price (Fischer and Ramdas 2024, avoiding overshoot). The expectation is
    an exact sum over the canary's possible errors.
    """
    if not drawn.chances:
        return 0.0
    held = [share * exp(value - max(stream.logs)) for share, value in zip(prior.values(), stream.logs, strict=True)]
    total = sum(held)
    bets = [
        (part / total, odds, normaliser)
        for part, odds, normaliser in zip(held, prior, normalisers, strict=True)
        if part
    ]
    factors = [
        sum(part * exp(k * log(odds) - normaliser) for part, odds, normaliser in bets)
        for k in range(drawn.fewest, drawn.fewest + len(drawn.chances))
    ]
    return log(largest_boost(drawn.chances, factors, exp(room)))


def largest_boost(chances: Sequence[float], factors: Sequence[float], most: float) -> float:
    """The largest b with sum(chance * min(b * factor, most)) = 1, for rising factors of mean 1, and most > 1."""
    below, capped, boost = sum(c * f for c, f in zip(chances, factors, strict=True)), 0.0, 1.0
    for k in range(len(factors) - 1, 0, -1):
        if boost * factors[k] <= most:
            break
        below -= chances[k] * factors[k]
        capped += chances[k]
        if below <= 0:
            break
        boost = (1 - most * capped) / below
    return max(1.0, boost)
