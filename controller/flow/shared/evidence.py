"""The evidence of an evaluation: what was measured since the last one, weighed with all that was weighed before."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from controller.domain.deployment import Comparison, Counts, Deployment, Evaluation
from controller.domain.environment import Environment, JudgePolicy
from controller.domain.judging.assessment import Terms, assess
from controller.domain.judging.burn_rate import Served, overspent
from controller.domain.judging.interval import NONE, Interval
from controller.domain.judging.measurement import (
    LIMIT,
    NOTHING,
    PATIENCE,
    Period,
    Settled,
    Subject,
    Thresholds,
    ceiling,
    floor,
    intervals,
    settled,
)
from controller.domain.judging.sequential.document import as_document, from_document
from controller.domain.judging.sequential.priors import ERRORS, METHOD
from controller.domain.judging.sequential.trial import Trial, begin, learn, shifted, weigh
from controller.domain.judging.verdict import MISSING, Judgement, Verdict
from controller.domain.strategy import ALL
from controller.errors import LedgerConflictError, TransientError
from controller.ports.world import World

PAST = timedelta(hours=1)
"""So much of stable's past is looked at, but no more than so many periods."""
LONGEST_PAST = 600


@dataclass(frozen=True)
class Carried:
    """What goes from look to look: the trial, and the thresholds (ms) by component that were taken at its beginning."""

    trial: Trial
    thresholds: Mapping[str, Thresholds]

    def text(self) -> str:
        """As the ledger keeps it."""
        thresholds = {name: dict(found) for name, found in self.thresholds.items()}
        document = {"method": METHOD, "trial": as_document(self.trial), "thresholds": thresholds}
        return json.dumps(document, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> "Carried | None":
        """As it was kept; None if nothing was, or by another judge: the controller was updated during a bake."""
        document: dict[str, Any] = json.loads(text or "{}")
        if document.get("method") != METHOD:
            return None
        return cls(from_document(document["trial"]), document["thresholds"])


@dataclass(frozen=True)
class Evidence:
    """What is known at an evaluation.

    `carried` is None when there are no two versions to compare, `over_limit` says which limit is exceeded. `canary` and
    `stable` are the counts so far; `known_until` is the moment up to which all measurements have come in.
    """

    carried: Carried | None
    over_limit: str
    known_until: datetime | None
    canary: Counts = field(default_factory=Counts)
    stable: Counts = field(default_factory=Counts)


def measured(environment: Environment, deployment: Deployment) -> list[str]:
    """The changed components of which CloudWatch has numbers by version: functions, and not sites."""
    known = environment.components
    return [name for name in deployment.changed if name in known and known[name].measured_by_version]


def compared(environment: Environment, deployment: Deployment) -> list[str]:
    """Those of them of which two versions serve now."""
    return [name for name in measured(environment, deployment) if deployment.weight_of(name) < ALL]


def gather(world: World, environment: Environment, deployment: Deployment, now: datetime) -> Evidence:
    """Measure what happened since the last evaluation, weigh it, and keep the result for the next evaluation.

    Raises `TransientError` when another evaluation did so at the same time: then this one is made again.
    """
    names = compared(environment, deployment)
    alone = [name for name in measured(environment, deployment) if name not in names]
    limited = Evidence(None, "", None)
    if alone and environment.judge.limits.any:
        limited = _limited(world, environment, deployment, alone, now)
    if not names:
        return limited
    text, written = world.evaluations.state(deployment.deployment_id)
    carried = Carried.read(text) or _begun(world, environment, deployment, names)
    carried = replace(carried, trial=shifted(carried.trial, _since(deployment)))
    subjects = [_subject(environment, deployment, name, carried.thresholds[name]) for name in carried.trial.components]
    found = _settled(world, environment, subjects, _unseen(environment, deployment, carried.trial, now), now)
    news = [one for subject in subjects for one in intervals(found[subject.component].periods, subject.thresholds)]
    carried = replace(carried, trial=weigh(carried.trial, news))
    _carry(world, deployment, carried.text(), written, now)
    over = _over(environment, found) or limited.over_limit
    known = min(filter(None, (_known(found), limited.known_until)))
    return Evidence(carried, over, known, *carried.trial.counts())


def judged(evidence: Evidence, policy: JudgePolicy, now: datetime, *, waited: bool = False) -> Judgement:
    """What the evidence means: the limits first, then the comparison of the versions.

    When late data have been `waited` for, there are none: nobody can tell them from visitors who stay away.
    """
    if evidence.over_limit:
        return Judgement(Verdict.UNHEALTHY, evidence.over_limit)
    if evidence.carried is None:
        return Judgement(Verdict.HEALTHY, "No alarm is firing; there are no two versions to compare.")
    patience = timedelta(seconds=(PATIENCE + 1) * max(policy.period_seconds, policy.settled_seconds))
    patience = timedelta.max if waited else max(patience, Terms().patience)
    judgement = assess(evidence.carried.trial, Terms(policy.minimum_requests, patience), now)
    if judgement.verdict in MISSING and not policy.minimum_requests:
        return Judgement(Verdict.HEALTHY, f"{judgement.reason} No minimum is asked for.")
    return judgement


def evaluation_of(
    now: datetime, deployment: Deployment, evidence: Evidence, judgement: Judgement, firing: Sequence[str]
) -> Evaluation:
    """What is kept of an evaluation."""
    seen = Evaluation(
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
        return replace(seen, data="uncompared")
    trial, thresholds = evidence.carried.trial, evidence.carried.thresholds
    comparisons = tuple(_comparison(trial, thresholds, *name) for name in trial.streams)
    shown = tuple(one for one in comparisons if one.canary.requests or one.stable.requests)
    most = max(shown, key=lambda one: one.e_value, default=None)
    return replace(
        seen,
        data=_data(*trial.counts(), late=judgement.verdict is Verdict.LATE_DATA),
        share=_share(*trial.counts()),
        e_value=trial.e_value,
        limit=trial.limit,
        low=most.low if most else None,
        high=most.high if most else None,
        comparisons=shown,
    )


def _begun(world: World, environment: Environment, deployment: Deployment, names: Sequence[str]) -> Carried:
    """A fresh trial that knows the past before the bake; no risk is spent on a latency that is not measured.

    Of the bake itself it may not know anything, even if it begins in the middle: that is what it is going to judge.
    """
    begins = _since(deployment)
    thresholds = world.metrics.thresholds(environment, names, begins)
    known = {percentile for one in thresholds.values() for percentile in one}
    policy = environment.judge
    trial = begin(names, alpha=policy.alpha, tolerance=policy.tolerance, metrics=[ERRORS, *sorted(known)])
    usual = {name: dict(thresholds.get(name, {})) for name in names}
    subjects = [Subject(name, (deployment.restore_point or {})[name].id, "", usual[name]) for name in names]
    length = timedelta(seconds=policy.period_seconds)
    past = world.metrics.periods(environment, subjects, begins - min(PAST, LONGEST_PAST * length), begins)
    return Carried(learn(trial, _history(past, usual)), usual)


def _history(past: Sequence[Period], thresholds: Mapping[str, Thresholds]) -> list[Interval]:
    """What served everybody before, as stable's side: it is what the canary is compared with."""
    mine = [replace(one, canary=one.canary, stable=one.canary) for one in past if one.canary]
    found = [interval for one in mine for interval in intervals([one], thresholds[one.component])]
    return [replace(one, canary=NONE) for one in found]


def _limited(
    world: World, environment: Environment, deployment: Deployment, names: Sequence[str], now: datetime
) -> Evidence:
    """Of what is at 100 % there is nobody to compare with, but the limits hold."""
    subjects = [Subject(name, deployment.staged[name].id, "", _own_limit(environment)) for name in names]
    since = max(_since(deployment), now - _longest(environment))
    found = _settled(world, environment, subjects, since, now)
    canary = [one.canary.counts for each in found.values() for one in each.periods if one.canary]
    return Evidence(None, _over(environment, found), _known(found), sum(canary, start=Counts()))


def _subject(environment: Environment, deployment: Deployment, name: str, thresholds: Thresholds) -> Subject:
    stable = (deployment.restore_point or {})[name].id
    return Subject(name, deployment.staged[name].id, stable, {**thresholds, **_own_limit(environment)})


def _own_limit(environment: Environment) -> Thresholds:
    most = environment.judge.limits.p99_ms
    return {} if most is None else {LIMIT: most}


def _settled(
    world: World, environment: Environment, subjects: Sequence[Subject], since: datetime, now: datetime
) -> dict[str, Settled]:
    policy = environment.judge
    length, delay = timedelta(seconds=policy.period_seconds), timedelta(seconds=policy.settled_seconds)
    since = ceiling(since, length)
    periods: Sequence[Period] = []
    if floor(now - delay, length) > since:
        periods = world.metrics.periods(environment, subjects, since, now - delay)
    return {one.component: settled(periods, one, since, now, delay) for one in subjects}


def _unseen(environment: Environment, deployment: Deployment, trial: Trial, now: datetime) -> datetime:
    """From when on to measure: what no evaluation has seen, and as far back as the limits look."""
    begun = _since(deployment)
    seen = min((side.seen or begun for side in trial.sides.values()), default=begun)
    return max(begun, min(seen, now - _longest(environment)))


def _longest(environment: Environment) -> timedelta:
    policy = environment.judge
    late = (PATIENCE + 1) * max(policy.period_seconds, policy.settled_seconds)
    return timedelta(seconds=policy.limits.long_seconds + late)


def _since(deployment: Deployment) -> datetime:
    return deployment.bake.started_at if deployment.bake else deployment.updated_at


def _over(environment: Environment, found: Mapping[str, Settled]) -> str:
    policy = environment.judge
    said = ((name, overspent(policy.limits, _served(each.periods), each.until)) for name, each in found.items())
    return next((f"{name}: {one}" for name, one in said if one), "")


def _served(periods: Sequence[Period]) -> list[Served]:
    pairs = ((one, one.canary or NOTHING) for one in periods)
    return [Served(one.since, one.until, canary.counts, canary.slower(LIMIT)) for one, canary in pairs]


def _known(found: Mapping[str, Settled]) -> datetime:
    return min(each.until for each in found.values())


def _carry(world: World, deployment: Deployment, text: str, written: int, now: datetime) -> None:
    try:
        world.evaluations.carry(deployment.deployment_id, text, written, now)
    except LedgerConflictError as error:
        raise TransientError(str(error)) from error


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
