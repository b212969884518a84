"""The verdict that a trial leads to at an evaluation, and its reason as a sentence with figures."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.domain.deployment import Counts
from controller.domain.judging.sequential.priors import ERRORS
from controller.domain.judging.sequential.trial import Trial
from controller.domain.judging.verdict import Judgement, Verdict
from controller.domain.printable import figure


@dataclass(frozen=True)
class Terms:
    """The terms of a verdict.

    The canary needs `minimum_requests` since the last shift; data older than `patience` is late.
    """

    minimum_requests: int = 20
    patience: timedelta = timedelta(minutes=5)


def judge_trial(trial: Trial, terms: Terms, now: datetime) -> Judgement:
    """Judge the trial at `now`: first by evidence against the canary, then by missing data, then by what is left."""
    if trial.worse:
        return Judgement(Verdict.UNHEALTHY, f"The canary is worse: {strongest_evidence(trial)}")
    if missing := _missing(trial, terms, now):
        return missing
    step = sum(side.step.requests for side in trial.sides.values())
    figures = f"{compared(*trial.counts())} (e-value {figure(trial.e_value)} of {trial.limit:.0f})"
    if step < terms.minimum_requests:
        so_far = f"{step} of at least {terms.minimum_requests} requests on the canary since the last shift"
        return Judgement(Verdict.INCONCLUSIVE, f"Not enough evidence: {so_far}; {figures}.")
    if trial.within_tolerance:
        margin = f"at most {trial.tolerance * 100:g} percentage points worse"
        return Judgement(Verdict.PROMOTABLE, f"The canary is shown to be {margin}: {figures}.")
    return Judgement(Verdict.HEALTHY, f"Nothing shows that the canary is worse: {figures}.")


def strongest_evidence(trial: Trial) -> str:
    """The component and metric with most of the evidence, and its counts: a sentence."""
    name = trial.strongest
    if name is None:
        return "there is no evidence."
    component, metric = name
    stream = trial.streams[name]
    what = "failed" if metric == ERRORS else f"slower than stable's {metric}"
    return (
        f"{component}, {compared(stream.canary, stream.stable, what)};"
        f" e-value {figure(trial.e_value)}, the limit is {trial.limit:.0f}."
    )


def compared(canary: Counts, stable: Counts, what: str = "failed") -> str:
    """The counts of both sides as text."""
    return f"{_of(canary)} requests {what} on the canary, {_of(stable)} on stable"


def _of(counts: Counts) -> str:
    return f"{counts.errors:,} of {counts.requests:,} ({figure(counts.error_rate * 100)} %)"


def _missing(trial: Trial, terms: Terms, now: datetime) -> Judgement | None:
    seen = [side.seen for side in trial.sides.values() if side.seen]
    canary, stable = trial.counts()
    if not seen or not (canary.requests or stable.requests):
        return Judgement(Verdict.NO_DATA, "No data: no request was measured on either side.")
    if now - max(seen) > terms.patience:
        minutes = (now - max(seen)).total_seconds() / 60
        return Judgement(Verdict.LATE_DATA, f"Late data: the newest measurement is {minutes:.0f} minutes old.")
    if not canary.requests or not stable.requests:
        side = "the canary" if not canary.requests else "stable"
        return Judgement(Verdict.ONE_SIDED, f"Data for one side only: no request was measured on {side}.")
    return None
