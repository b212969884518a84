"""The evidence of an evaluation: what was measured since the last one, weighed together with everything before."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from controller.domain.deployment import Counts, Deployment
from controller.domain.environment import Environment
from controller.domain.judging.burn_rate import Served, exceeded_limit
from controller.domain.judging.evidence import LONGEST_PAST, PAST, Carried, Evidence
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
from controller.domain.judging.sequential.priors import ERRORS
from controller.domain.judging.sequential.trial import Trial, begin, learn, shifted, weigh
from controller.domain.judging.verdict import BLINDNESS
from controller.domain.strategy import ALL
from controller.errors import LedgerConflictError, TransientError
from controller.ports.world import World


def measured(environment: Environment, deployment: Deployment) -> list[str]:
    """The changed components of which CloudWatch has numbers by version: functions, and not sites."""
    known = environment.components
    return [name for name in deployment.changed if name in known and known[name].measured_by_version]


def compared(environment: Environment, deployment: Deployment) -> list[str]:
    """Those measured components of which two versions serve now."""
    return [name for name in measured(environment, deployment) if deployment.weight_of(name) < ALL]


def blindness(world: World, deployment: Deployment, guarding: Sequence[str], requests: int) -> str:
    """That nothing has looked at the release, in a sentence; "" when a check, an alarm or a request has.

    `guarding` are its alarms, `requests` those that were seen while no two versions served; those that were compared
    before are in the ledger.
    """
    if deployment.checks or guarding or requests:
        return ""
    carried = Carried.read(world.evaluations.state(deployment.deployment_id)[0])
    return "" if carried and carried.trial.counts()[0].requests else BLINDNESS


def gather(world: World, environment: Environment, deployment: Deployment, now: datetime) -> Evidence:
    """Measure what happened since the last evaluation, weigh it, and keep the result for the next evaluation.

    Raises `TransientError` when another evaluation did so at the same time: then this one is repeated.
    """
    names = compared(environment, deployment)
    alone = [name for name in measured(environment, deployment) if name not in names]
    limited = Evidence(None, "", None)
    if alone and environment.judge.limits.any:
        limited = _limited(world, environment, deployment, alone, now)
    if not names:
        return limited
    text, written = world.evaluations.state(deployment.deployment_id)
    carried = Carried.read(text) or _new_trial(world, environment, deployment, names)
    carried = replace(carried, trial=shifted(carried.trial, _since(deployment)))
    subjects = [_subject(environment, deployment, name, carried.thresholds[name]) for name in carried.trial.components]
    found = _settled(world, environment, subjects, _unseen(environment, deployment, carried.trial, now), now)
    news = [one for subject in subjects for one in intervals(found[subject.component].periods, subject.thresholds)]
    carried = replace(carried, trial=weigh(carried.trial, news))
    _carry(world, deployment, carried.text(), written, now)
    over = _over(environment, found) or limited.over_limit
    known = min(filter(None, (_known(found), limited.known_until)))
    return Evidence(carried, over, known, *carried.trial.counts())


def _new_trial(world: World, environment: Environment, deployment: Deployment, names: Sequence[str]) -> Carried:
    """A new trial that has learnt from the time before the bake; no risk is spent on a latency that is not measured.

    It must not learn from the bake itself, even if it begins in the middle of it, because that is what it judges.
    """
    begins = _since(deployment)
    thresholds = world.metrics.thresholds(environment, names, begins)
    known = {percentile for one in thresholds.values() for percentile in one}
    policy = environment.judge
    trial = begin(names, alpha=policy.alpha, tolerance=policy.tolerance, metrics=[ERRORS, *sorted(known)])
    usual = {name: dict(thresholds.get(name, {})) for name in names}
    subjects = [Subject(name, (deployment.restore_point or {})[name].id, "", usual[name]) for name in names]
    length = timedelta(seconds=policy.period)
    past = world.metrics.periods(environment, subjects, begins - min(PAST, LONGEST_PAST * length), begins)
    return Carried(learn(trial, _history(past, usual)), usual)


def _history(past: Sequence[Period], thresholds: Mapping[str, Thresholds]) -> list[Interval]:
    """What served all visitors before, as stable's side: the canary is compared with it."""
    served = [replace(one, canary=one.canary, stable=one.canary) for one in past if one.canary]
    found = [interval for one in served for interval in intervals([one], thresholds[one.component])]
    return [replace(one, canary=NONE) for one in found]


def _limited(
    world: World, environment: Environment, deployment: Deployment, names: Sequence[str], now: datetime
) -> Evidence:
    """A component at 100 % has no other version to compare it with, but the limits hold."""
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
    length, delay = timedelta(seconds=policy.period), timedelta(seconds=policy.settled_seconds)
    since = ceiling(since, length)
    periods: Sequence[Period] = []
    if floor(now - delay, length) > since:
        periods = world.metrics.periods(environment, subjects, since, now - delay)
    return {one.component: settled(periods, one, since, now, delay) for one in subjects}


def _unseen(environment: Environment, deployment: Deployment, trial: Trial, now: datetime) -> datetime:
    """The moment from which to measure: what no evaluation has seen, and as far back as the limits reach."""
    begun = _since(deployment)
    seen = min((side.seen or begun for side in trial.sides.values()), default=begun)
    return max(begun, min(seen, now - _longest(environment)))


def _longest(environment: Environment) -> timedelta:
    policy = environment.judge
    late = (PATIENCE + 1) * max(policy.period, policy.settled_seconds)
    return timedelta(seconds=policy.limits.long + late)


def _since(deployment: Deployment) -> datetime:
    return deployment.bake.started_at if deployment.bake else deployment.updated_at


def _over(environment: Environment, found: Mapping[str, Settled]) -> str:
    policy = environment.judge
    said = ((name, exceeded_limit(policy.limits, _served(each.periods), each.until)) for name, each in found.items())
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
