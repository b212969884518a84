"""A deployment's trial: all its streams of evidence, under one risk of a false rollback.

The e-value of the trial is the mean of its streams' e-values, weighted with their shares of the risk. A weighted mean
of e-processes is an e-process too, however they depend on each other; so the risk covers all components, metrics,
evaluations and steps together, and none of them needs a correction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import exp, log

from controller.domain.deployment import Counts
from controller.domain.judging.interval import NONE, Interval
from controller.domain.judging.sequential.bands import difference
from controller.domain.judging.sequential.priors import ERRORS, METRICS, prior_of, risk_shares
from controller.domain.judging.sequential.stream import Stream, fold
from controller.domain.judging.sequential.tolerance import UNTRIED, Margin

StreamName = tuple[str, str]
"""Component and metric."""
WARM_UP = {"p50": 30, "p75": 30, "p90": 60, "p99": 100}
"""The number of a canary's requests after a shift that are not measured for latency: its cold starts are among them.

The higher the percentile, the fewer cold starts look like a slow release."""


SLACK = 1e-3
"""A stream is won at a thousandth above its limit, so that it stays won when the ledger rounds its logs."""


@dataclass(frozen=True)
class Side:
    """The state of one component.

    `seen` is the end of its last interval; `step` are the canary's requests since the last shift; `margin` is the bet
    that it is within the tolerance.
    """

    seen: datetime | None = None
    step: Counts = NONE
    canary: Counts = NONE
    stable: Counts = NONE
    margin: Margin = UNTRIED


@dataclass(frozen=True)
class Trial:
    """The whole state of the sequential test of one deployment; see `begin`, `shifted` and `weigh`.

    `alpha` is the greatest probability (0 to 1) that a canary that is not worse is rolled back, for the whole
    deployment. `tolerance` is how much higher (0 to 1) its error rate may be and still be promoted early.
    """

    alpha: float
    tolerance: float
    components: tuple[str, ...]
    metrics: tuple[str, ...]
    streams: Mapping[StreamName, Stream]
    sides: Mapping[str, Side] = field(default_factory=dict)
    shifted_at: datetime | None = None

    @property
    def shares(self) -> Mapping[StreamName, float]:
        """Each stream's share of the risk; they sum to 1."""
        return risk_shares(self.components, self.metrics)

    @property
    def limit(self) -> float:
        """The e-value at which the canary is rolled back: 1 / alpha."""
        return 1 / self.alpha

    @property
    def e_value(self) -> float:
        """The evidence that the canary is worse; on average at most 1 if it is not."""
        return sum(self.part(name) for name in self.streams)

    @property
    def worse(self) -> bool:
        """Whether the evidence suffices for a rollback."""
        return self.e_value >= self.limit

    @property
    def within_tolerance(self) -> bool:
        """Whether every component is shown to be worse by `tolerance` at most, at the same risk."""
        limit = log(self.limit)
        return all(side.margin.log_wealth >= limit for side in self.sides.values())

    @property
    def strongest(self) -> StreamName | None:
        """The stream with most of the evidence; None when there are no streams."""
        return max(self.streams, key=self.part, default=None)

    def part(self, name: StreamName) -> float:
        """This stream's part of the e-value."""
        return self.shares[name] * exp(self.streams[name].log_wealth)

    def bounds(self, name: StreamName) -> tuple[float, float]:
        """Bounds of the canary's error rate minus stable's (-1 to 1), always right with probability 1 - `alpha`."""
        stream = self.streams[name]
        return difference(stream.canary, stream.stable, self.alpha, stream.tally.cluster_size)

    def counts(self, component: str | None = None) -> tuple[Counts, Counts]:
        """Requests and errors of canary and stable so far, for one component or for all."""
        sides = [side for name, side in self.sides.items() if component in (None, name)]
        return sum((s.canary for s in sides), start=Counts()), sum((s.stable for s in sides), start=Counts())


def begin(
    components: Iterable[str], *, alpha: float = 0.05, tolerance: float = 0.01, metrics: Sequence[str] = METRICS
) -> Trial:
    """A trial that has seen nothing.

    `metrics` are those that will be measured ("errors" and percentiles). Raises ValueError for a risk outside of 0 to
    1, no component, or an unknown metric.
    """
    names, known = tuple(sorted(set(components))), tuple(m for m in METRICS if m in set(metrics))
    if not 0 < alpha < 1:
        raise ValueError(f"the risk of a false rollback must be between 0 and 1, not {alpha}")
    if not names or not known or set(metrics) - set(known):
        raise ValueError(f"a trial needs components and metrics out of {', '.join(METRICS)}: got {names}, {metrics}")
    streams = {(name, metric): Stream.fresh(prior_of(metric)) for name in names for metric in known}
    return Trial(alpha, tolerance, names, known, streams, {name: Side() for name in names})


def learn(trial: Trial, history: Iterable[Interval]) -> Trial:
    """The trial, with an estimate from the past of whether stable's errors come one by one or in clusters.

    `history` is the time before the deployment, an hour or more, in periods of the length that will be weighed; only
    stable's counts in it matter.
    """
    streams = dict(trial.streams)
    for interval in sorted(history, key=lambda one: one.until):
        measured = [(ERRORS, interval.stable)] + [(slow.percentile, slow.stable) for slow in interval.slow]
        for name, stable in (((interval.component, metric), stable) for metric, stable in measured):
            if name in streams:
                streams[name] = replace(streams[name], tally=streams[name].tally.after(_consistent(stable)))
    return replace(trial, streams=streams)


def shifted(trial: Trial, at: datetime) -> Trial:
    """The trial at the beginning of a traffic step: it keeps its evidence, and counts the step's requests from zero.

    The canary warms up again. Intervals that begin before `at` will be ignored.
    """
    if trial.shifted_at is not None and at <= trial.shifted_at:
        return trial
    return replace(trial, shifted_at=at, sides={name: replace(s, step=Counts()) for name, s in trial.sides.items()})


def weigh(trial: Trial, intervals: Iterable[Interval]) -> Trial:
    """The trial after these intervals, whatever their order.

    It ignores intervals that it has weighed already (they end no later than the component's last one), those of other
    components, and those that began before the last shift. So the same interval twice counts once.
    """
    for interval in sorted(intervals, key=lambda one: (one.until, one.component)):
        trial = _weigh(trial, interval)
    return trial


def _weigh(trial: Trial, interval: Interval) -> Trial:
    side = trial.sides.get(interval.component)
    early = trial.shifted_at is not None and interval.since < trial.shifted_at
    if side is None or early or (side.seen is not None and interval.until <= side.seen):
        return trial
    canary, stable = _consistent(interval.canary), _consistent(interval.stable)
    clustering, streams = _clustering(trial, interval.component), dict(trial.streams)
    for metric, *both in _measured(interval, side):
        name = (interval.component, metric)
        if name in streams:
            limit = log(trial.limit / trial.shares[name]) + SLACK
            streams[name] = fold(streams[name], prior_of(metric), limit, *map(_consistent, both))
    after = Side(
        seen=interval.until,
        step=side.step + canary,
        canary=side.canary + canary,
        stable=side.stable + stable,
        margin=side.margin.after(canary, stable, trial.tolerance, clustering),
    )
    return replace(trial, streams=streams, sides={**trial.sides, interval.component: after})


def _measured(interval: Interval, side: Side) -> list[tuple[str, Counts, Counts]]:
    errors = [(ERRORS, interval.canary, interval.stable)]
    warm = (slow for slow in interval.slow if side.step.requests >= WARM_UP.get(slow.percentile, 0))
    return errors + [(slow.percentile, slow.canary, slow.stable) for slow in warm]


def _clustering(trial: Trial, component: str) -> float:
    stream = trial.streams.get((component, ERRORS))
    return stream.tally.cluster_size if stream else 1.0


def _consistent(counts: Counts) -> Counts:
    """Counts with no more errors than requests; metrics that arrive separately can show more for a while."""
    if counts.requests >= counts.errors >= 0:
        return counts
    return Counts(max(counts.requests, counts.errors, 0), max(counts.errors, 0))
