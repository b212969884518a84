"""Ask pre-traffic hook, and Ask post-traffic hook: functions of the application that may refuse a release.

A hook answers in one of two ways: by what it returns, or later, as CodeDeploy's hooks do. Then it answers Step
Functions by the task token that it was given as `LifecycleEventHookExecutionId`. The environment's `hook_timeout`
bounds the wait.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from controller.domain.deployment import Changes, Deployment
from controller.domain.environment import Environment
from controller.domain.phases import MOVING
from controller.domain.timeline import EventKind
from controller.errors import SelfrightError
from controller.flow.shared.fence import trip
from controller.flow.shared.lease import renewed
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.world import World

PRE, POST = "pre_traffic", "post_traffic"
WORDS: Mapping[str, str] = {PRE: "before traffic", POST: "after traffic"}
ALLOWED = {"status": "Succeeded"}


@dataclass(frozen=True)
class HookAsked(DeploymentResult):
    """The hook's answer, or that it answers later."""

    outcome: Literal["allowed", "refused", "asked", "tripped"]


def hook_of(environment: Environment, deployment: Deployment, occasion: str) -> str:
    """The function to ask on this occasion; "" when there is none, or when nothing changed."""
    hooks = environment.deployment_preference.hooks
    return (getattr(hooks, occasion) or "") if deployment.changed else ""


def ask_hook(world: World, deployment_id: str, occasion: str, task_token: str) -> HookAsked:
    """Ask the hook. Its answer, now or later, ends the workflow's wait; so does an alarm.

    Outcomes: `allowed`, `refused`, `asked` (it answers later), `tripped`. Calling this twice asks the hook twice.
    """
    if occasion not in WORDS:
        msg = f"There is no hook called '{occasion}'; the hooks are {' and '.join(WORDS)}."
        raise SelfrightError(msg)
    changes: Changes = {"hook_tokens": (task_token,), **renewed(world)}
    deployment = world.deployments.update(deployment_id, changes, phases=MOVING)
    if deployment.trip:
        world.workflows.fail(task_token, deployment.trip.reason)
        return HookAsked(deployment, "tripped", deployment.trip.reason)
    environment = environment_of(world, deployment)
    hook = hook_of(environment, deployment, occasion)
    result = world.hooks.run(environment, hook, _event(deployment, occasion, task_token))
    if result is None:
        record(world, deployment_id, EventKind.HOOK, f"hook {hook}: asked {WORDS[occasion]}; it answers later.")
        return HookAsked(deployment, "asked")
    if result.passed:
        record(world, deployment_id, EventKind.HOOK, f"{result.check}: {result.detail}.")
        world.workflows.succeed(task_token, ALLOWED)
        return HookAsked(deployment, "allowed")
    reason = f"Check failed {WORDS[occasion]}: {result.check}: {result.detail}"
    tripped = trip(world, deployment_id, "check", reason)
    world.workflows.fail(task_token, reason)
    return HookAsked(tripped, "refused", reason)


def _event(deployment: Deployment, occasion: str, task_token: str) -> dict[str, Any]:
    """The event of a hook: CodeDeploy's two keys, and a summary of the deployment."""
    staged = {name: deployment.staged[name].id for name in deployment.changed}
    known = HookAsked(deployment, "asked").document()
    own = {"DeploymentId": deployment.deployment_id, "LifecycleEventHookExecutionId": task_token}
    return {**own, **known, "hook": occasion, "revisions": staged}
