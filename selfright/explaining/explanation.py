"""A deployment in five sentences: what happened, which metric, which numbers, which evaluation, what to do next.

They are made from the ledger's records; nothing is judged again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.domain.deployment import Comparison, Counts, Deployment, Evaluation, Trip
from controller.domain.phases import Phase
from controller.domain.printable import figure, sentence
from selfright.account.status import DeploymentRecord, back_in, finished_in, is_paused
from selfright.wording import TRIPPED_BY, clean, duration, percent, plural

SOURCES = {
    "arrival": "No metric ended it: AWS was late",
    "person": "No metric ended it: a person rolled it back",
    "fault": "No metric ended it: a fault did",
    "reconciler": "No metric ended it: its workflow had died or was stopped",
}

JUDGED = frozenset({"judge", "inconclusive"})
"""The sources of a trip that are the judge's: it found something, or too little."""


@dataclass(frozen=True)
class Explanation:
    """The five sentences; `evaluations` are all of the judge's; `decisive` is the one that the sentences are about."""

    record: DeploymentRecord
    happened: str
    metric: str
    numbers: str
    evaluation: str
    next_step: str
    evaluations: tuple[Evaluation, ...] = ()
    decisive: Evaluation | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """In the order in which they are read."""
        return self.happened, self.metric, self.numbers, self.evaluation, self.next_step


def explain(record: DeploymentRecord, evaluations: Sequence[Evaluation]) -> Explanation:
    """Explain a deployment by its record and every evaluation of it."""
    one = record.deployment
    decisive = _decisive(one, evaluations)
    return Explanation(
        record=record,
        happened=_happened(record),
        metric=_metric(one, decisive),
        numbers=_numbers(decisive),
        evaluation=_evaluation(one, evaluations, decisive),
        next_step=_next(one),
        evaluations=tuple(evaluations),
        decisive=decisive,
    )


def strongest(evaluation: Evaluation) -> Comparison | None:
    """The comparison that adds most to the e-value; None when nothing was compared."""
    return max(evaluation.comparisons, key=lambda one: one.e_value, default=None)


def reached(evaluation: Evaluation) -> bool:
    """Whether the evidence is enough for a rollback, apart from rounding."""
    return bool(evaluation.limit) and evaluation.e_value >= evaluation.limit * (1 - 1e-6)


def metric_of(one: Comparison) -> str:
    """What is compared, in words: `api's errors`, `api's requests slower than 120 ms (stable's p90)`."""
    if one.threshold_ms is None:
        return f"{one.component}'s {one.metric}"
    return f"{one.component}'s requests slower than {figure(one.threshold_ms, 4)} ms (stable's {one.metric})"


def _decisive(one: Deployment, evaluations: Sequence[Evaluation]) -> Evaluation | None:
    """The evaluation that ended it, or the last one before; for a good release, the one with most evidence."""
    if not evaluations:
        return None
    if one.trip and one.trip.source in JUDGED:
        return next(
            (evaluation for evaluation in reversed(evaluations) if evaluation.verdict == "unhealthy"), evaluations[-1]
        )
    if one.trip:
        tripped_at = one.trip.at
        return next((evaluation for evaluation in reversed(evaluations) if evaluation.at <= tripped_at), evaluations[0])
    compared = [evaluation for evaluation in evaluations if evaluation.limit]
    if accused := [evaluation for evaluation in compared if evaluation.e_value > 1]:
        return max(accused, key=lambda evaluation: evaluation.e_value / evaluation.limit)
    return compared[-1] if compared else evaluations[-1]


def _happened(record: DeploymentRecord) -> str:
    one, where = record.deployment, record.deployment.environment_key
    release = f"{one.application} {one.version}".strip()
    took = f" after {duration(finished_in(one))}" if one.closed_at else ""
    live = f", and {record.previous_version} is live again" if record.previous_version else ""
    if (back := back_in(one)) is not None and one.trip:
        live = f"{live}; visitors were back {duration(back)} after {TRIPPED_BY[one.trip.source]}"
    said = {
        Phase.SUCCEEDED: f"{release} is live in {where}, {duration(finished_in(one))} after its upload.",
        Phase.ROLLED_BACK: f"{release} was rolled back in {where}{took}{live}.",
        Phase.ROLLING_BACK: f"{release} is being rolled back in {where}.",
        Phase.ROLLBACK_FAILED: _sentence(
            f"{release} could not be rolled back in {where}, and the environment is held: {one.reason}"
        ),
        Phase.REJECTED: f"{release} was refused for {where}, and nothing was touched.",
        Phase.SUPERSEDED: f"{release} never began in {where}: a newer release came before its lock.",
    }
    return said.get(one.phase, f"{release} is on its way to {where}: {one.phase} at {one.weight} %.")


def _metric(one: Deployment, decisive: Evaluation | None) -> str:
    if one.trip:
        return _tripped(one.trip, decisive)
    if one.phase is Phase.REJECTED:
        return _sentence(f"No metric ended it: {one.reason}")
    if one.unjudged:
        return one.unjudged
    found = strongest(decisive) if decisive else None
    if found is None:
        return "Nothing was compared." if decisive else "Nothing was measured."
    return f"No metric speaks against it; the most evidence is in {metric_of(found)}."


def _tripped(trip: Trip, decisive: Evaluation | None) -> str:
    if trip.source == "alarm":
        return _sentence(f"An alarm ended it: {trip.reason.removeprefix('Alarm ')}")
    if trip.source == "check":
        what = trip.reason.removeprefix("Check failed ")
        if what == trip.reason:  # A task's answer is evidence as a check's is.
            return _sentence(f"No metric ended it: {trip.reason}")
        return _sentence(f"A check of the release failed {what}")
    if trip.source not in JUDGED:
        return _sentence(f"{SOURCES[trip.source]}: {trip.reason}")
    found = strongest(decisive) if decisive else None
    if found is None or not decisive or not reached(decisive):
        return _sentence(f"The judge ended it: {trip.reason}")
    more = "the canary has more of them than chance explains"
    return f"The judge ended it by {metric_of(found)}: {more}."


def _numbers(decisive: Evaluation | None) -> str:
    if decisive is None:
        return "The judge made no evaluation, so there are no numbers."
    found = strongest(decisive)
    if found is None and not decisive.canary.requests:
        return "No request was measured on the canary by then."
    if found is None:
        return f"The judge saw {_counted(decisive.canary)} failed on the canary, and compared it with nothing."
    what = "failed" if found.threshold_ms is None else "were slow"
    sides = f"{_counted(found.canary)} {what} on the canary, {_counted(found.stable)} on stable"
    bounds = ""
    if found.low is not None and found.high is not None:
        bounds = f"; the difference is between {_points(found.low)} and {_points(found.high)} percentage points"
    return f"{sides}: an e-value of {figure(decisive.e_value)}, where {figure(decisive.limit)} rolls back{bounds}."


def _evaluation(one: Deployment, evaluations: Sequence[Evaluation], decisive: Evaluation | None) -> str:
    if decisive is None:
        return "The bake ended before the first one." if one.bake else "No canary was baked."
    number = evaluations.index(decisive) + 1
    since = _since(one, decisive.at)
    data = "" if decisive.data in {"complete", "uncompared"} else f" (its data: {decisive.data})"
    where = f"in step {decisive.step + 1} at {decisive.weight} %" if decisive.weight else "at no known weight"
    which = f"evaluation {number} of {len(evaluations)}"
    return f"That was {which}, {where}, {since} after the upload{data}: {decisive.verdict}."


def _since(one: Deployment, moment: datetime) -> str:
    return duration(max(0.0, (moment - one.upload.uploaded_at).total_seconds()))


def _next(one: Deployment) -> str:
    if one.next_step:
        return _sentence(clean(one.next_step))
    if is_paused(one):
        back = f"`selfright rollback {one.deployment_id}`"
        return f"A person must decide: `selfright resume {one.deployment_id}` or {back}."
    if one.phase is Phase.SUCCEEDED:
        return "Nothing is left to do."
    if one.phase.is_terminal:
        return f"`selfright show {one.deployment_id}` shows its whole timeline."
    return f"`selfright watch {one.deployment_id}` shows what happens next."


def _counted(counts: Counts) -> str:
    return f"{counts.errors:,} of {plural(counts.requests, 'request')} ({percent(counts.error_rate)})"


def _points(difference: float) -> str:
    shown = figure(100 * difference, 2)
    return shown if shown.startswith("-") else f"+{shown}"


def _sentence(text: str) -> str:
    return sentence(clean(text))
