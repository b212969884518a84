"""One stream of evidence: one component's errors, or its requests slower than a threshold.

It is a bet against "the canary is not worse". Its wealth is an e-process, so by Ville's inequality it reaches `limit`
with a probability of at most 1 / limit, however often it is evaluated and whenever that stops.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log
from typing import Self

from controller.domain.deployment import Counts
from controller.domain.judging.interval import NONE
from controller.domain.judging.sequential.clustering import NEW, Tally
from controller.domain.judging.sequential.prior import Prior
from controller.domain.judging.sequential.split import Split, log_sum, split

RESERVE = 0.02
"""The part of the bet that is kept for a canary that gets worse later."""
PACE = 1 / 200
"""The share of the reserve that is bet anew at every interval with errors."""
KEPT = log(1 - PACE)


@dataclass(frozen=True)
class Stream:
    """The state of a stream.

    `logs` are the logs of the values of the bets on the prior's odds ratios; the last is the reserve, which is not bet
    yet. `gain` is the log of the boost from never betting for more than the limit.
    """

    logs: tuple[float, ...]
    gain: float = 0.0
    canary: Counts = NONE
    stable: Counts = NONE
    tally: Tally = NEW

    @classmethod
    def fresh(cls, prior: Prior) -> Self:
        """A stream that has seen nothing."""
        return cls((*(log(1 - RESERVE) + share for share in prior.log_shares), log(RESERVE)))

    @property
    def log_wealth(self) -> float:
        """The log of the e-value."""
        return self.gain + log_sum(self.logs)


def fold(stream: Stream, prior: Prior, limit: float, canary: Counts, stable: Counts) -> Stream:
    """The stream after one more interval.

    `limit` is the log of the wealth at which the bet is won: from then on the stream only counts. The evidence is
    divided by the number of errors that come together, as estimated before the interval.
    """
    counts = (stream.canary + canary, stream.stable + stable, stream.tally.after(stable))
    if not (canary.requests and stable.requests and canary.errors + stable.errors):
        return Stream(stream.logs, stream.gain, *counts)
    wealth, clustering = stream.log_wealth, stream.tally.cluster_size
    if wealth >= limit:
        return Stream(stream.logs, stream.gain, *counts)
    drawn = split(canary.requests, stable.requests, canary.errors + stable.errors)
    tilts, normalisers = (*prior.log_odds, 0.0), (*drawn.log_normalisers(prior.odds), 0.0)  # The reserve does not move.
    bets = _invested(stream.logs, prior)
    moves = [log_odds * canary.errors - normaliser for log_odds, normaliser in zip(tilts, normalisers, strict=True)]
    moved = [bet + move / clustering for bet, move in zip(bets, moves, strict=True)]
    gain = 0.0
    if clustering <= 1:
        total = log_sum(bets)
        parts = [bet - total - normaliser for bet, normaliser in zip(bets, normalisers, strict=True)]
        gain = _boost(list(zip(parts, tilts, strict=True)), drawn, limit - wealth)
    after = Stream(tuple(moved), stream.gain + gain, *counts)
    return _won(after, limit) if after.log_wealth >= limit else after


def _invested(logs: Sequence[float], prior: Prior) -> list[float]:
    """Bet a part of the reserve anew: a canary that gets worse after a good start has lost its old bets."""
    *bets, reserve = logs
    put = reserve + log(PACE)
    return [*(log_sum((bet, put + share)) for bet, share in zip(bets, prior.log_shares, strict=True)), reserve + KEPT]


def _won(stream: Stream, limit: float) -> Stream:
    """Cut the bets to the limit, so that their logs stay small and lose nothing when they are rounded."""
    beyond = stream.log_wealth - limit
    return replace(stream, logs=tuple([value - beyond for value in stream.logs]))


def _boost(parts: Sequence[tuple[float, float]], drawn: Split, room: float) -> float:
    """The log of the largest b with E[min(b * factor, limit / wealth)] = 1.

    Winnings beyond the limit are useless. Paid out in the cases that do not reach the limit instead, they make the bet
    stronger at the same price (Fischer and Ramdas 2024, avoiding overshoot). The expectation is an exact sum over the
    canary's possible errors k; the factor is the sum of exp(part + k * log odds).
    """

    def factor(errors: int) -> float:
        return sum([exp(part + errors * log_odds) for part, log_odds in parts])

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
