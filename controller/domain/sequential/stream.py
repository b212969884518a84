"""One stream of evidence: one component's errors, or its requests slower than a threshold.

A bet against "the canary is not worse": its wealth is an e-process, so by Ville's inequality it reaches `limit` with a
probability of at most 1 / limit, however often one looks and whenever one stops.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log
from typing import Self

from controller.domain.deployment import Counts
from controller.domain.evidence import NONE
from controller.domain.sequential.clustering import NEW, Tally
from controller.domain.sequential.prior import Prior
from controller.domain.sequential.split import Split, log_sum, split


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
        return cls((0.0,) * len(prior.odds))

    def log_wealth(self, prior: Prior) -> float:
        """The log of the e-value."""
        return self.gain + log_sum([share + value for share, value in zip(prior.log_shares, self.logs, strict=True)])


def fold(stream: Stream, prior: Prior, limit: float, canary: Counts, stable: Counts) -> Stream:
    """The stream after one more interval.

    `limit` is the log of the wealth at which the bet is won: the stream then only counts. The evidence is divided by
    the number of errors that come together, as it was known before the interval.
    """
    counts = (stream.canary + canary, stream.stable + stable, stream.tally.after(stable))
    if not (canary.requests and stable.requests and canary.errors + stable.errors):
        return Stream(stream.logs, stream.gain, *counts)
    wealth, together = stream.log_wealth(prior), stream.tally.together
    if wealth >= limit:
        return Stream(stream.logs, stream.gain, *counts)
    drawn = split(canary.requests, stable.requests, canary.errors + stable.errors)
    normalisers = drawn.log_normalisers(prior.odds)
    moves = zip(stream.logs, prior.log_odds, normalisers, strict=True)
    logs = tuple(value + (canary.errors * odds - normaliser) / together for value, odds, normaliser in moves)
    gain = stream.gain + (_boost(stream, prior, drawn, normalisers, limit - wealth) if together <= 1 else 0.0)
    after = Stream(logs, gain, *counts)
    return _won(after, prior, limit) if after.log_wealth(prior) >= limit else after


def _won(stream: Stream, prior: Prior, limit: float) -> Stream:
    return replace(stream, gain=stream.gain + limit - stream.log_wealth(prior))


def _boost(stream: Stream, prior: Prior, drawn: Split, normalisers: Sequence[float], room: float) -> float:
    """The log of the largest b with E[min(b * factor, limit / wealth)] = 1.

    What a bet wins beyond its limit is of no use to it. Paid out before instead, in all the cases that do not reach the
    limit, it makes the bet stronger at the same price (Fischer and Ramdas 2024, avoiding overshoot). The expectation is
    an exact sum over the canary's possible errors.
    """
    held = [share + value for share, value in zip(prior.log_shares, stream.logs, strict=True)]
    total = log_sum(held)
    bets = [
        (part - total - normaliser, odds)
        for part, odds, normaliser in zip(held, prior.log_odds, normalisers, strict=True)
    ]

    def factor(errors: int) -> float:
        return sum(exp(part + errors * odds) for part, odds in bets)

    most, last = exp(room), len(drawn.chances) - 1
    if not drawn.chances or factor(drawn.fewest + last) <= most:
        return 0.0
    return log(largest_boost(drawn.chances, [factor(drawn.fewest + k) for k in range(last + 1)], most))


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
