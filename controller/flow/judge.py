"""Judge canary: one evaluation of the signals, and what follows from it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from controller.domain.deployment import Bake, Changes, Deployment, TripSource, Written
from controller.domain.environment import Environment, JudgePolicy
from controller.domain.judging.alarm_data import LATENESS, StateReason
from controller.domain.judging.evidence import Evidence, evaluation_of, judged
from controller.domain.judging.measurement import floor
from controller.domain.judging.verdict import MISSING, Judgement, Verdict, alarm_trouble
from controller.domain.phases import Phase
from controller.domain.steps import evaluation_pause
from controller.domain.strategy import ALL
from controller.domain.timeline import EventKind
from controller.errors import LedgerConflictError, SelfrightError, TransientError
from controller.flow.preconditions.hotfix import guarding, recovered
from controller.flow.shared.bake import JUDGED, Judged, conclude, judged_now, open_bake, require_current
from controller.flow.shared.evidence import blindness, compared, gather, measured
from controller.flow.shared.fence import trip
from controller.flow.shared.lease import renewed
from controller.flow.shared.timeline import environment_of, record
from controller.ports.ledger import Expected
from controller.ports.world import World

STILL_FIRING = timedelta(minutes=15)
"""An alarm for what was before the release is quiet again by then, unless it also fires for the release."""
UNLIKELY = 0.001
"""The chance below which it is no chance that the canary got no request."""


def judge(world: World, deployment_id: str, step: int) -> Judged:
    """Evaluate the canary once.

    Verdicts: `wait` (evaluate again in `wait_seconds`), `healthy`, `unhealthy`, `pause` (a person must decide).
    """
    deployment = _opened(world, world.deployments.get(deployment_id), step)
    if deployment.trip:
        return conclude(world, deployment, "unhealthy", deployment.trip.reason)
    environment = environment_of(world, deployment)
    now = world.clock.now()
    states = _alarm_states(world, environment)
    guarded = recovered(world, deployment, states)
    if guarded.ignored_alarms != deployment.ignored_alarms:
        states = _alarm_states(world, environment)  # An alarm that fired just before it guards again is seen here.
    deployment = guarded
    old_news = _old_news(world, environment, deployment, states)
    states = {**states, **dict.fromkeys(old_news, "OK")} if states else states
    evidence = gather(world, environment, deployment, now)
    judgement = _judge(world, environment, deployment, states, evidence, now)
    firing = [name for name, state in (states or {}).items() if state == "ALARM"]
    seen = evaluation_of(now, deployment, evidence, judgement, firing)
    world.evaluations.record(deployment_id, seen)
    changes: Changes = {"evaluation": replace(seen, comparisons=()), **renewed(world, environment.judge.evaluate_every)}
    if newly := _newly_seen(deployment, evidence, now):
        changes["written"] = newly
    deployment = world.deployments.update(deployment_id, changes, phases=JUDGED, expected=Expected(bake_step=step))
    if newly:
        waited = round((now - newly.at).total_seconds())
        record(
            world, deployment_id, EventKind.SEEN, f"The step is seen in the numbers, {waited} s after it was written."
        )
    if old_news and judgement.verdict is not Verdict.UNHEALTHY:
        return _wait(world, deployment, environment, now)  # No bake ends well while one of its alarms fires.
    return _decide(world, environment, deployment, judgement, evidence)


def _judge(  # noqa: PLR0913, PLR0917 - all that an evaluation goes by
    world: World,
    environment: Environment,
    deployment: Deployment,
    states: Mapping[str, str] | None,
    evidence: Evidence,
    now: datetime,
) -> Judgement:
    """The alarms come first: a firing alarm decides, whatever the versions' numbers are."""
    if trouble := alarm_trouble(states, guarding(environment, deployment)):
        firing = _firing(environment, deployment, states)
        return Judgement(Verdict.UNHEALTHY, trouble, firing, unguarded=not firing)
    judgement = judged(evidence, environment.judge, now)
    if judgement.verdict is not Verdict.HEALTHY:
        return judgement
    blind = blindness(world, deployment, guarding(environment, deployment), evidence.canary.requests)
    return Judgement(Verdict.BLIND, blind) if blind else judgement


def _firing(environment: Environment, deployment: Deployment, states: Mapping[str, str] | None) -> list[str]:
    """The alarms that guard the deployment and fire."""
    return [name for name in guarding(environment, deployment) if (states or {}).get(name) == "ALARM"]


def _old_news(
    world: World, environment: Environment, deployment: Deployment, states: Mapping[str, str] | None
) -> list[str]:
    """The alarms that fire for measurements from before the release: they are waited for, and say nothing against it.

    Only as long as it cannot have become quiet again: after that, it fires for the release, whatever its reason says.
    """
    firing = _firing(environment, deployment, states)
    return [name for name in firing if _is_old_news(world, deployment, name, world.alarms.reason(name))]


def _is_old_news(world: World, deployment: Deployment, alarm: str, why: StateReason) -> bool:
    now, reached = world.clock.now(), deployment.reached_at
    if deployment.precedes(why.data_until) and now - deployment.created_at <= STILL_FIRING:
        return True
    if reached is None or not deployment.is_ahead_of(why.data_since, why.data_until):
        return False
    return now - reached <= world.alarms.reaction([alarm]) + LATENESS


def _newly_seen(deployment: Deployment, evidence: Evidence, now: datetime) -> Written | None:
    """The step's change of traffic, when requests of it are in the numbers for the first time."""
    change, carried = deployment.written, evidence.carried
    if change is None or change.weight != deployment.weight or change.seen_at or carried is None:
        return None
    requests = sum(side.step.requests for side in carried.trial.sides.values())
    return replace(change, seen_at=now) if requests else None


def _alarm_states(world: World, environment: Environment) -> Mapping[str, str] | None:
    alarms = environment.deployment_preference.alarms
    try:
        return world.alarms.states(alarms) if alarms else {}
    except TransientError:
        raise  # The evaluation is retried; if that does not help, the state fails and the deployment is rolled back.
    except SelfrightError:
        return None  # The judge holds an unknown state against the canary.


def _opened(world: World, deployment: Deployment, step: int) -> Deployment:
    require_current(deployment, step)
    if deployment.bake and deployment.bake.step == step:
        return deployment
    now = world.clock.now()
    bake = _until(world, deployment, Bake(step, now, now), now + timedelta(seconds=deployment.steps[step].bake))
    try:
        opened = world.deployments.update(
            deployment.deployment_id,
            {"bake": bake, "phase": Phase.BAKING, "evaluation": None},
            phases=JUDGED,
            expected=Expected(bake_step=step, opens=True),
        )
    except LedgerConflictError:
        opened = world.deployments.get(deployment.deployment_id)
        if opened.bake is None or opened.bake.step != step:
            raise
        return opened  # Another attempt of this evaluation has opened it.
    record(
        world,
        deployment.deployment_id,
        EventKind.BAKING,
        f"Baking at {opened.weight} % for {deployment.steps[step].bake} s.",
    )
    return opened


def _until(world: World, deployment: Deployment, bake: Bake, ends_at: datetime) -> Bake:
    """The same bake, which ends then, and until when a version is waited for that is silent."""
    environment = environment_of(world, deployment)
    policy, names = environment.judge, measured(environment, deployment)
    waits = names if policy.limits.any else compared(environment, deployment)
    longest = ends_at + timedelta(seconds=policy.longest_wait) if waits else None
    return replace(bake, ends_at=ends_at, waits_until=longest)


def _decide(
    world: World, environment: Environment, deployment: Deployment, judgement: Judgement, evidence: Evidence
) -> Judged:
    now, verdict = world.clock.now(), judgement.verdict
    if verdict is Verdict.UNHEALTHY:
        return _fail(world, deployment, judgement)
    if verdict is Verdict.PROMOTABLE and environment.judge.promote_early and now < open_bake(deployment).ends_at:
        record(world, deployment.deployment_id, EventKind.PROMOTED_EARLY, judgement.reason)
        return conclude(world, deployment, "healthy", judgement.reason)
    if not _is_over(environment, deployment, evidence, now):
        return _wait(world, deployment, environment, now)
    if verdict is Verdict.LATE_DATA and open_bake(deployment).extended:
        judgement = judged(evidence, environment.judge, now, waited=True)
    if judgement.verdict is Verdict.BLIND:
        return _advance_blind(world, deployment, judgement.reason)
    if judgement.verdict not in MISSING:
        return conclude(world, deployment, "healthy", judgement.reason)
    return _without_verdict(world, environment, deployment, judgement, now)


def _is_over(environment: Environment, deployment: Deployment, evidence: Evidence, now: datetime) -> bool:
    """Whether the time is up, and its measurements have arrived or were waited for long enough."""
    ends = open_bake(deployment).ends_at
    if now < ends or evidence.known_until is None:
        return now >= ends
    length = timedelta(seconds=environment.judge.period)
    return evidence.known_until >= floor(ends, length)


def _wait(world: World, deployment: Deployment, environment: Environment, now: datetime) -> Judged:
    with suppress(SelfrightError):  # Without a rehearsal, the reaction to an alarm only takes a second longer.
        world.rehearsals.start(deployment.deployment_id)
    policy = environment.judge
    pause = evaluation_pause(policy, deployment.steps)
    left = (open_bake(deployment).ends_at - now).total_seconds()
    until_then = round(left) if left > 0 else min(policy.period, policy.settled_seconds)
    return judged_now(deployment, "wait", wait_seconds=min(pause, max(1, until_then)))


def _without_verdict(
    world: World, environment: Environment, deployment: Deployment, judgement: Judgement, now: datetime
) -> Judged:
    """Go on with too little evidence: extend the bake once, then send synthetic requests, then follow the policy."""
    bake, policy = open_bake(deployment), environment.judge
    if not bake.extended:
        longer = max(bake.ends_at - bake.started_at, timedelta(seconds=2 * policy.period))
        said = f"{judgement.reason} The bake is extended once"
        extended = replace(_until(world, deployment, bake, now + longer), extended=True)
        return _extend(world, environment, deployment, extended, said)
    if policy.synthetic.requests and not bake.synthetic and (sent := _synthetic(world, environment, deployment)):
        now = world.clock.now()
        more = _until(world, deployment, replace(bake, synthetic=sent), now + timedelta(seconds=2 * policy.period))
        said = f"{judgement.reason} The controller sent {sent} synthetic requests, and the bake goes on"
        return _extend(world, environment, deployment, more, said)
    if policy.when_inconclusive == "advance":
        if not (against := _against(deployment, policy)):
            return _advance(world, deployment, policy, judgement)
        judgement = replace(judgement, reason=f"{judgement.reason} {against}")
    if policy.when_inconclusive == "pause":
        record(world, deployment.deployment_id, EventKind.PAUSED, f"{judgement.reason} A person must decide.")
        return judged_now(deployment, "pause", reason=judgement.reason)
    tripped = trip(world, deployment.deployment_id, "inconclusive", judgement.reason)
    return conclude(world, tripped, "unhealthy", judgement.reason)


def _advance(world: World, deployment: Deployment, policy: JudgePolicy, judgement: Judgement) -> Judged:
    """Go on without a verdict: alarms are quiet, checks have passed, and nothing speaks against the release."""
    seen = deployment.evaluation.canary.requests if deployment.evaluation else 0
    said = f"Not judged: {seen} of {policy.minimum_requests} requests on the canary."
    noted = world.deployments.update(deployment.deployment_id, {"unjudged": said}, phases=JUDGED)
    record(world, deployment.deployment_id, EventKind.ADVANCED, f"{judgement.reason} Nothing speaks against it. {said}")
    return conclude(world, noted, "healthy", said)


def _advance_blind(world: World, deployment: Deployment, said: str) -> Judged:
    """Go on although nothing looks at the release: no bake, however long, would see more. Its end says so."""
    noted = world.deployments.update(deployment.deployment_id, {"unjudged": said}, phases=JUDGED)
    record(world, deployment.deployment_id, EventKind.ADVANCED, said)
    return conclude(world, noted, "healthy", said)


def _against(deployment: Deployment, policy: JudgePolicy) -> str:
    """What speaks against a canary without a verdict: requests that fail, or that it gets none; "" for nothing."""
    seen = deployment.evaluation
    if seen is None or not deployment.weight:
        return ""
    if seen.canary.errors and seen.canary.error_rate > seen.stable.error_rate + policy.tolerance:
        return f"Of its {seen.canary.requests} requests {seen.canary.errors} failed, more often than on stable."
    if seen.canary.requests:
        return ""
    chance = (1 - deployment.weight / ALL) ** seen.stable.requests if deployment.weight < ALL else 1
    return f"That is no chance with {seen.stable.requests} requests on stable." if chance < UNLIKELY else ""


def _synthetic(world: World, environment: Environment, deployment: Deployment) -> int:
    from controller.flow.shared.synthetic_requests import send  # noqa: PLC0415 - rare, and imports all checks

    return send(world, environment, deployment)


def _extend(world: World, environment: Environment, deployment: Deployment, longer: Bake, said: str) -> Judged:
    expected = Expected(bake_step=longer.step)
    extended = world.deployments.update(deployment.deployment_id, {"bake": longer}, phases=JUDGED, expected=expected)
    until, waits = f", until {longer.ends_at:%H:%M:%S} UTC", longer.waits_until
    late = f"; for a version that is silent, the judge waits until {waits:%H:%M:%S}" if waits else ""
    record(world, deployment.deployment_id, EventKind.EXTENDED, f"{said}{until}{late}.")
    return _wait(world, extended, environment, world.clock.now())


def _fail(world: World, deployment: Deployment, judgement: Judgement) -> Judged:
    """Trip the deployment: for the judge's own verdict, or for the alarms that are firing, with the time of their data.

    What is not known of an alarm's data counts against the release; that there is no alarm (any more) does not.
    """
    source: TripSource = "alarm" if judgement.firing else "fault" if judgement.unguarded else "judge"
    reasons = {name: world.alarms.reason(name) for name in judgement.firing}
    known = [one.data_until for one in reasons.values()]
    newest = None if None in known else max((one for one in known if one), default=None)
    said = " ".join(one.said_of(name) for name, one in reasons.items()) or judgement.reason
    tripped = trip(world, deployment.deployment_id, source, said, data_until=newest)
    return conclude(world, tripped, "unhealthy", said)
