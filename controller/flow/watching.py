"""Guard alarms and Judge canary: the two branches of a bake."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from controller.domain.deployment import Bake, Counts, Deployment, Look, Revision
from controller.domain.environment import Environment
from controller.domain.judge import Evidence, Judge, Judgement, Verdict
from controller.domain.phases import MOVING, Phase
from controller.domain.strategy import ALL
from controller.errors import LedgerConflictError, SelfrightError, TransientError
from controller.flow.leases import renewed
from controller.flow.story import Card, card, environment_of, tell
from controller.flow.tripping import trip
from controller.flow.world import World

HOLD_SECONDS = 7 * 24 * 3600
"""How long a person has to decide; the state *Hold for a person* says the same."""
MOST_LOOKS = 1500
"""An execution's history holds 25,000 events, and a look makes about ten: long bakes are looked at less often."""
WATCHED = frozenset({Phase.SHIFTING, Phase.BAKING, Phase.WATCHING})


def guard(world: World, deployment_id: str, step: int, task_token: str) -> None:
    """Leave a token with which an alarm ends the bake; answered at once when there is a trip or the bake is over."""
    _not_late(world.deployments.get(deployment_id), step)
    deployment = world.deployments.update(deployment_id, {"guard_token": task_token}, phases=MOVING)
    if deployment.trip:
        world.workflows.fail(task_token, deployment.trip.reason)
    elif deployment.bake and deployment.bake.step == step and deployment.bake.concluded:
        world.workflows.succeed(task_token, {"outcome": "concluded"})


def look(world: World, deployment_id: str, step: int, judge: Judge) -> Card:
    """Look at the canary once.

    Verdicts: `watching` (look again in `wait_seconds`), `healthy`, `unhealthy`, `hold` (a person must decide).
    """
    deployment = _opened(world, world.deployments.get(deployment_id), step)
    if deployment.trip:
        return _conclude(world, deployment, "unhealthy", deployment.trip.reason)
    environment = environment_of(world, deployment)
    now = world.clock.now()
    evidence = _evidence(world, environment, deployment, now)
    judgement = judge(evidence, environment.judge)
    seen = Look(now, str(judgement.verdict), judgement.reason, evidence.canary, evidence.stable)
    deployment = world.deployments.update(
        deployment_id, {"look": seen, **renewed(world, environment.judge.look_seconds)}, phases=WATCHED
    )
    return _decide(world, environment, deployment, judgement, now)


def _not_late(deployment: Deployment, step: int) -> None:
    """A call that comes again after its bake is over must not touch the next one."""
    if deployment.bake and deployment.bake.step > step:
        msg = f"The bake of step {step + 1} of {deployment.deployment_id} is over: this call came too late."
        raise LedgerConflictError(msg)


def _opened(world: World, deployment: Deployment, step: int) -> Deployment:
    _not_late(deployment, step)
    if deployment.bake and deployment.bake.step == step:
        return deployment
    now = world.clock.now()
    bake = Bake(step, now, now + timedelta(seconds=deployment.steps[step].bake))
    phase = Phase.WATCHING if deployment.steps[step].weight == ALL else Phase.BAKING
    opened = world.deployments.update(
        deployment.deployment_id, {"bake": bake, "phase": phase, "look": None}, phases=WATCHED
    )
    tell(world, deployment.deployment_id, "baking", f"Watching {opened.weight} % for {deployment.steps[step].bake} s.")
    return opened


def _decide(
    world: World,
    environment: Environment,
    deployment: Deployment,
    judgement: Judgement,
    now: datetime,
) -> Card:
    bake = _bake(deployment)
    if judgement.verdict is Verdict.UNHEALTHY:
        return _fail(world, deployment, judgement.reason)
    if now < bake.ends_at:
        return _again(world, deployment, bake, environment, now)
    if judgement.verdict is Verdict.HEALTHY:
        return _conclude(world, deployment, "healthy", judgement.reason)
    if not bake.extended:
        return _extend(world, environment, deployment, judgement, now)
    if environment.judge.when_inconclusive == "hold":
        tell(world, deployment.deployment_id, "held", f"{judgement.reason} A person must decide.")
        return card(deployment, "watched", verdict="hold", wait_seconds=0, reason=judgement.reason)
    return _fail(world, deployment, judgement.reason)


def _again(world: World, deployment: Deployment, bake: Bake, environment: Environment, now: datetime) -> Card:
    with suppress(SelfrightError):  # Only a rehearsal: an alarm is acted on without it, a second later.
        world.rehearsals.start(deployment.deployment_id)
    left = max(1, round((bake.ends_at - now).total_seconds()))
    longest = 2 * sum(step.bake for step in deployment.steps)
    pause = max(environment.judge.look_seconds, ceil(longest / MOST_LOOKS))
    return card(deployment, "watched", verdict="watching", wait_seconds=min(pause, left))


def _extend(
    world: World, environment: Environment, deployment: Deployment, judgement: Judgement, now: datetime
) -> Card:
    bake = _bake(deployment)
    longer = replace(bake, extended=True, ends_at=now + (bake.ends_at - bake.started_at))
    extended = world.deployments.update(deployment.deployment_id, {"bake": longer}, phases=WATCHED)
    tell(world, deployment.deployment_id, "extended", f"{judgement.reason} The bake is extended once.")
    return _again(world, extended, longer, environment, now)


def _fail(world: World, deployment: Deployment, reason: str) -> Card:
    return _conclude(world, trip(world, deployment.deployment_id, "judge", reason), "unhealthy", reason)


def _conclude(world: World, deployment: Deployment, verdict: str, reason: str) -> Card:
    """End the bake; the guard is closed, because a Parallel ends only when all its branches have ended."""
    ended = world.deployments.update(
        deployment.deployment_id,
        {"bake": replace(_bake(deployment), concluded=True)},
        phases=MOVING,
    )
    if ended.guard_token:
        world.workflows.succeed(ended.guard_token, {"outcome": "concluded"})
    return card(ended, "watched", verdict=verdict, wait_seconds=0, reason=reason)


def hold(world: World, deployment_id: str, task_token: str) -> None:
    """Wait for a person: `selfright resume` answers the token, an alarm or `selfright rollback` ends the bake."""
    world.deployments.update(deployment_id, {"hold_token": task_token, **renewed(world, HOLD_SECONDS)}, phases=MOVING)


def resume(world: World, deployment_id: str) -> Card:
    """A person said that the release may go on."""
    deployment = world.deployments.get(deployment_id)
    tell(world, deployment_id, "resumed", "A person let the release go on.")
    return _conclude(world, deployment, "healthy", "A person let the release go on.")


def _evidence(world: World, environment: Environment, deployment: Deployment, now: datetime) -> Evidence:
    alarms = environment.deployment_preference.alarms
    sole = deployment.weight >= ALL
    canary = _counts(world, environment, deployment, deployment.staged, now, sole=sole)
    stable = None if sole else _counts(world, environment, deployment, deployment.restore_point or {}, now, sole=False)
    return Evidence(
        alarms=_alarm_states(world, alarms),
        expected_alarms=alarms,
        canary=canary or Counts(),
        stable=stable or Counts(),
        compared=canary is not None and stable is not None,
    )


def _alarm_states(world: World, alarms: list[str]) -> Mapping[str, str] | None:
    try:
        return world.alarms.states(alarms) if alarms else {}
    except TransientError:
        raise  # The look is tried again; if that does not help, it fails, and the deployment goes back.
    except SelfrightError:
        return None  # The judge counts what cannot be known against the canary.


def _counts(  # noqa: PLR0913 - a measurement of whom, and from when to when
    world: World,
    environment: Environment,
    deployment: Deployment,
    revisions: Mapping[str, Revision],
    now: datetime,
    *,
    sole: bool,
) -> Counts | None:
    since = _bake(deployment).started_at
    measured = [
        world.metrics.counts(environment, name, revisions[name], since, now, sole=sole) for name in deployment.changed
    ]
    known = [counts for counts in measured if counts is not None]
    return sum(known, start=Counts()) if known else None


def _bake(deployment: Deployment) -> Bake:
    if deployment.bake is None:
        msg = f"Deployment {deployment.deployment_id} has no open bake."
        raise SelfrightError(msg)
    return deployment.bake
