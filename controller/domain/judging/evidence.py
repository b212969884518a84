"""The evidence at an evaluation, what one evaluation hands to the next, and the judgement of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from controller.domain.deployment import Comparison, Counts, Deployment, Evaluation
from controller.domain.environment import JudgePolicy
from controller.domain.judging.measurement import PATIENCE, Thresholds
from controller.domain.judging.sequential.document import as_document, from_document
from controller.domain.judging.sequential.priors import METHOD
from controller.domain.judging.sequential.trial import Trial
from controller.domain.judging.trial_verdict import Terms, judge_trial
from controller.domain.judging.verdict import MISSING, Judgement, Verdict

PAST = timedelta(hours=1)
"""How much of stable's past is read."""
LONGEST_PAST = 600
"""The most periods that are read of it."""


@dataclass(frozen=True)
class Carried:
    """What one evaluation hands to the next: the trial, and the thresholds (ms) of its components.

    The thresholds are those from the beginning of the trial.
    """

    trial: Trial
    thresholds: Mapping[str, Thresholds]

    def text(self) -> str:
        """The text that the ledger keeps."""
        thresholds = {name: dict(found) for name, found in self.thresholds.items()}
        document = {"method": METHOD, "trial": as_document(self.trial), "thresholds": thresholds}
        return json.dumps(document, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> "Carried | None":
        """Read the text from the ledger; None when it is empty, or from another method (an update during a bake)."""
        document: dict[str, Any] = json.loads(text or "{}")
        if document.get("method") != METHOD:
            return None
        return cls(from_document(document["trial"]), document["thresholds"])


@dataclass(frozen=True)
class Evidence:
    """The evidence at an evaluation.

    `carried` is None when there are no two versions to compare; `over_limit` says which limit is exceeded. `canary` and
    `stable` are the counts so far; `known_until` is the moment up to which all measurements have arrived.
    """

    carried: Carried | None
    over_limit: str
    known_until: datetime | None
    canary: Counts = field(default_factory=Counts)
    stable: Counts = field(default_factory=Counts)


def judged(evidence: Evidence, policy: JudgePolicy, now: datetime, *, waited: bool = False) -> Judgement:
    """Judge the evidence: first by the limits, then by the comparison of the versions.

    After late data have been `waited` for, they count as missing: perhaps there were no visitors.
    """
    if evidence.over_limit:
        return Judgement(Verdict.UNHEALTHY, evidence.over_limit)
    if evidence.carried is None:
        return Judgement(Verdict.HEALTHY, "No alarm is firing; there are no two versions to compare.")
    patience = timedelta(seconds=(PATIENCE + 1) * max(policy.period, policy.settled_seconds))
    patience = timedelta.max if waited else max(patience, Terms().patience)
    judgement = judge_trial(evidence.carried.trial, Terms(policy.minimum_requests, patience), now)
    if judgement.verdict in MISSING and not policy.minimum_requests:
        return Judgement(Verdict.HEALTHY, f"{judgement.reason} The environment requires no minimum.")
    return judgement


def evaluation_of(
    now: datetime, deployment: Deployment, evidence: Evidence, judgement: Judgement, firing: Sequence[str]
) -> Evaluation:
    """The record of an evaluation."""
    recorded = Evaluation(
        now,
        str(judgement.verdict),
        judgement.reason,
        evidence.canary,
        evidence.stable,
        step=deployment.bake.step if deployment.bake else 0,
        weight=deployment.weight,
        firing=tuple(firing),
    )
    if evidence.carried is None:
        return replace(recorded, data="uncompared")
    trial, thresholds = evidence.carried.trial, evidence.carried.thresholds
    comparisons = tuple(_comparison(trial, thresholds, *name) for name in trial.streams)
    shown = tuple(one for one in comparisons if one.canary.requests or one.stable.requests)
    most = max(shown, key=lambda one: one.e_value, default=None)
    return replace(
        recorded,
        data=_data(*trial.counts(), late=judgement.verdict is Verdict.LATE_DATA),
        share=_share(*trial.counts()),
        e_value=trial.e_value,
        limit=trial.limit,
        low=most.low if most else None,
        high=most.high if most else None,
        comparisons=shown,
    )


def _comparison(trial: Trial, thresholds: Mapping[str, Thresholds], component: str, metric: str) -> Comparison:
    stream = trial.streams[component, metric]
    low, high = trial.bounds((component, metric))
    return Comparison(
        component,
        metric,
        stream.canary,
        stream.stable,
        _share(stream.canary, stream.stable),
        trial.part((component, metric)),
        trial.limit,
        thresholds.get(component, {}).get(metric),
        low,
        high,
    )


def _data(canary: Counts, stable: Counts, *, late: bool) -> str:
    if canary.requests and stable.requests:
        return "late" if late else "complete"
    if canary.requests or stable.requests:
        return "canary only" if canary.requests else "stable only"
    return "none"


def _share(canary: Counts, stable: Counts) -> float:
    total = canary.requests + stable.requests
    return canary.requests / total if total else 0.0
