"""Ask pre-traffic hook, and Ask post-traffic hook: functions of the application that may refuse a release.

A hook answers in one of two ways: by what it returns, or later, as CodeDeploy's hooks do. Then it answers Step
Functions by the task token that it was given as `LifecycleEventHookExecutionId`. One that returns *not now* is asked
again. The environment's `hook_timeout` bounds the wait.

Only a refusal is evidence against a version: a hook that fails, does not answer or says *not now* until its time is
over has said nothing about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from controller.domain.deployment import Changes, Deployment, TripSource
from controller.domain.durations import written
from controller.domain.environment import Environment
from controller.domain.phases import MOVING
from controller.domain.printable import sentences
from controller.domain.timeline import EventKind
from controller.errors import SelfrightError, TransientError
from controller.flow.shared.fence import trip
from controller.flow.shared.lease import renewed
from controller.flow.shared.pending import pause_after
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.signals import HookAnswer
from controller.ports.world import World

LONGEST_PAUSE = 300
"""Seconds between two questions at most, in the first hours: an execution's history holds 25,000 events."""
PRE, POST = "pre_traffic", "post_traffic"
WORDS: Mapping[str, str] = {PRE: "before traffic", POST: "after traffic"}
ALLOWED, NOT_NOW = {"status": "Succeeded"}, "NotNow"


@dataclass(frozen=True)
class HookAsked(DeploymentResult):
    """The hook's answer, or that it answers later.

    `not_now`: it is asked again in `wait_seconds`.
    """

    outcome: Literal["allowed", "refused", "asked", "tripped", "not_now"]
    wait_seconds: int | None = None


def hook_of(environment: Environment, deployment: Deployment, occasion: str) -> str:
    """The function to ask on this occasion; "" when there is none, or when nothing changed."""
    hooks = environment.deployment_preference.hooks
    return (getattr(hooks, occasion) or "") if deployment.changed else ""


def ask_hook(world: World, deployment_id: str, occasion: str, task_token: str) -> HookAsked:
    """Ask the hook. Its answer, now or later, ends the workflow's wait; so does an alarm.

    Outcomes: `allowed`, `refused`, `asked` (it answers later), `tripped`, `not_now`. Calling this twice asks the hook
    twice.
    """
    if occasion not in WORDS:
        msg = f"There is no hook called '{occasion}'; the hooks are {' and '.join(WORDS)}."
        raise SelfrightError(msg)
    environment = environment_of(world, world.deployments.get(deployment_id))
    changes: Changes = {"hook_tokens": (task_token,), **renewed(world, environment.hook_timeout)}
    deployment = world.deployments.update(deployment_id, changes, phases=MOVING)
    if deployment.trip:
        world.workflows.fail(task_token, deployment.trip.reason)
        return HookAsked(deployment, "tripped", deployment.trip.reason)
    hook = hook_of(environment, deployment, occasion)
    answer = _asked(world, environment, hook, _event(deployment, occasion, task_token))
    if answer is None:
        record(world, deployment_id, EventKind.HOOK, f"hook {hook}: asked {WORDS[occasion]}; it answers later.")
        return HookAsked(deployment, "asked")
    if answer.outcome == "allowed":
        record(world, deployment_id, EventKind.HOOK, f"{answer.said}.")
        world.workflows.succeed(task_token, ALLOWED)
        return HookAsked(deployment, "allowed")
    if answer.outcome == "not_now":
        return _later(world, environment, deployment, answer, task_token)
    if answer.outcome == "failed":
        return _over(world, deployment, task_token, "fault", f"{WORDS[occasion].capitalize()}: {answer.said}")
    return _over(world, deployment, task_token, "check", f"Check failed {WORDS[occasion]}: {answer.said}")


def _asked(world: World, environment: Environment, hook: str, event: dict[str, Any]) -> HookAnswer | None:
    """The hook's answer. One that AWS does not call now, because there are too many requests, is called later."""
    try:
        return world.hooks.run(environment, hook, event)
    except TransientError as error:
        return HookAnswer(hook, "not_now", f"it could not be asked: {error}")


def _later(
    world: World, environment: Environment, deployment: Deployment, answer: HookAnswer, task_token: str
) -> HookAsked:
    """Let the workflow ask again after a pause, until the environment's patience is over."""
    now, limit = world.clock.now(), timedelta(seconds=environment.hook_timeout)
    since = deployment.hook_since or now
    if now - since >= limit:
        reason = f"{answer.said} (it has not allowed the release within {written(environment.hook_timeout)})"
        return _over(world, deployment, task_token, "inconclusive", reason)
    # The tokens are answered, and hundreds of them would leave no room for a trip in the deployment's item.
    changes: Changes = {"hook_since": since, "cleared": ("hook_tokens",)}
    world.deployments.update(deployment.deployment_id, changes, phases=MOVING)
    if deployment.hook_since is None:
        again = f"That means: not now. It is asked again, for {written(environment.hook_timeout)}."
        record(world, deployment.deployment_id, EventKind.HOOK, sentences(answer.said, again))
    left = (since + limit - now).total_seconds()
    pause = max(1, min(round(left), pause_after((now - since).total_seconds(), LONGEST_PAUSE)))
    world.workflows.succeed(task_token, {"status": NOT_NOW, "wait_seconds": pause})
    return HookAsked(deployment, "not_now", answer.reason, wait_seconds=pause)


def _over(world: World, deployment: Deployment, task_token: str, source: TripSource, reason: str) -> HookAsked:
    """The release is rolled back; only a refusal (`check`) is evidence against it."""
    tripped = trip(world, deployment.deployment_id, source, reason)
    world.workflows.fail(task_token, reason)
    return HookAsked(tripped, "refused", reason)


def _event(deployment: Deployment, occasion: str, task_token: str) -> dict[str, Any]:
    """The event of a hook: CodeDeploy's two keys, and a summary of the deployment."""
    staged = {name: deployment.staged[name].id for name in deployment.changed}
    known = HookAsked(deployment, "asked").document()
    own = {"DeploymentId": deployment.deployment_id, "LifecycleEventHookExecutionId": task_token}
    return {**own, **known, "hook": occasion, "revisions": staged}
