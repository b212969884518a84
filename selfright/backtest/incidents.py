"""Past incidents: deployments that were rolled back, judged again by the counts of their evaluations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.domain.deployment import Comparison, Counts, Deployment, Evaluation, Step
from controller.domain.environment import JudgePolicy
from controller.domain.judging.interval import Interval, Slow
from controller.domain.judging.power import PowerTerms, RequestRate, detection
from controller.domain.judging.sequential.priors import ERRORS
from controller.domain.judging.sequential.trial import Trial, begin, shifted, weigh
from controller.domain.strategy import ALL


@dataclass(frozen=True)
class Incident:
    """One deployment that was rolled back. Times are seconds from its first shift.

    `ended` is when it was tripped, by `source`. `judged` is when the judge alone, without any alarm, rolls it back by
    the recorded counts (None: they end before that); `e_value` and `limit` are those of that moment. `forecast` is the
    median time until the judge would have rolled it back if the traffic had continued; None when that is unknown or
    would never have happened.
    """

    deployment_id: str
    version: str
    source: str
    ended: float
    evaluations: int
    judged: float | None = None
    e_value: float = 1.0
    limit: float = 0.0
    forecast: float | None = None


def incident(
    one: Deployment, evaluations: Sequence[Evaluation], first_shift: datetime, policy: JudgePolicy
) -> Incident:
    """Replay a deployment under this policy; `first_shift` is when the first visitors got the new release."""
    tripped = one.trip
    ended = _seconds(first_shift, tripped.fired_at or tripped.at) if tripped else 0.0
    plain = Incident(one.deployment_id, one.version, tripped.source if tripped else "unknown", ended, len(evaluations))
    compared = [evaluation for evaluation in evaluations if evaluation.comparisons]
    if not compared:
        return plain
    trial, judged = replay(compared, policy, first_shift)
    return Incident(
        one.deployment_id,
        one.version,
        plain.source,
        ended,
        len(evaluations),
        judged=None if judged is None else _seconds(first_shift, judged),
        e_value=trial.e_value,
        limit=trial.limit,
        forecast=None if judged else _forecast(compared, trial, first_shift),
    )


def replay(
    evaluations: Sequence[Evaluation], policy: JudgePolicy, first_shift: datetime
) -> tuple[Trial, datetime | None]:
    """The trial after all evaluations, and the time of the evaluation at which it had enough evidence.

    An evaluation has the counts since the first shift; the difference of two evaluations is an interval.
    """
    names = {one.component for evaluation in evaluations for one in evaluation.comparisons}
    metrics = {ERRORS} | {one.metric for evaluation in evaluations for one in evaluation.comparisons}
    trial = begin(names, alpha=policy.alpha, tolerance=policy.tolerance, metrics=sorted(metrics))
    before, since = Evaluation(first_shift, "", "", step=evaluations[0].step), first_shift
    for evaluation in evaluations:
        if evaluation.step != before.step or since == first_shift:
            trial = shifted(trial, since)
        trial = weigh(trial, _between(before, evaluation, since))
        if trial.worse:
            return trial, evaluation.at
        before, since = evaluation, evaluation.at
    return trial, None


def _between(before: Evaluation, evaluation: Evaluation, since: datetime) -> Iterator[Interval]:
    """The counts between two evaluations, by component."""
    for name in sorted({one.component for one in evaluation.comparisons}):
        current = {one.metric: one for one in evaluation.comparisons if one.component == name}
        former = {one.metric: one for one in before.comparisons if one.component == name}
        if ERRORS not in current or evaluation.at <= since:
            continue
        canary, stable = _increase(current[ERRORS], former.get(ERRORS))
        slow = tuple(
            Slow(metric, one.threshold_ms or 0.0, *_increase(one, former.get(metric)))
            for metric, one in current.items()
            if metric != ERRORS
        )
        yield Interval(name, since, evaluation.at, canary, stable, slow)


def _increase(now: Comparison, before: Comparison | None) -> tuple[Counts, Counts]:
    if before is None:
        return now.canary, now.stable
    return _difference(now.canary, before.canary), _difference(now.stable, before.stable)


def _difference(now: Counts, before: Counts) -> Counts:
    return Counts(max(0, now.requests - before.requests), max(0, now.errors - before.errors))


def _forecast(evaluations: Sequence[Evaluation], trial: Trial, first_shift: datetime) -> float | None:
    """The median seconds to a rollback by the error rates of the component with most evidence.

    It is computed at the last weight, for a day at most.
    """
    last, strongest = evaluations[-1], trial.strongest
    found = next((one for one in last.comparisons if strongest == (one.component, one.metric)), None)
    elapsed = _seconds(first_shift, last.at)
    if found is None or not elapsed or not 0 < last.weight < ALL or not found.stable.requests:
        return None
    usual = RequestRate(
        (found.canary.requests + found.stable.requests) / elapsed,
        (found.stable.errors + 0.5) / (found.stable.requests + 1),
    )
    if found.metric != ERRORS or found.canary.error_rate <= usual.error_rate:
        return None
    day = Step(last.weight, int(timedelta(days=1).total_seconds()))
    limit = trial.limit / trial.shares[found.component, ERRORS]
    return detection([day], usual, PowerTerms(limit), found.canary.error_rate).median


def _seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
