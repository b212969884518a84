"""The application's own functions that may say no before and after traffic moves.

A hook answers in one of two ways: by what it returns, or later, as CodeDeploy's hooks do, by the token that it was
given as `LifecycleEventHookExecutionId`: to Step Functions, which waits for it. How long, the environment says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from controller.domain.deployment import Changes, Deployment
from controller.domain.environment import Environment
from controller.domain.phases import MOVING
from controller.domain.timeline import EventKind
from controller.errors import SelfrightError
from controller.flow.shared.lease import renewed
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.flow.shared.trip import trip
from controller.ports.world import World

PRE, POST = "pre_traffic", "post_traffic"
WORDS: Mapping[str, str] = {PRE: "before traffic", POST: "after traffic"}
SAID_YES = {"status": "Succeeded"}


@dataclass(frozen=True)
class HookAsked(DeploymentResult):
    """What the hook said, or that it answers later."""

    outcome: Literal["allowed", "refused", "asked", "tripped"]


def hook_of(environment: Environment, deployment: Deployment, occasion: str) -> str:
    """The function to ask on this occasion; "" when there is none, or nothing changed to say no to."""
    hooks = environment.deployment_preference.hooks
    return (getattr(hooks, occasion) or "") if deployment.changed else ""


def ask_hook(world: World, deployment_id: str, occasion: str, task_token: str) -> HookAsked:
    """Ask the hook; its answer, now or later, ends the workflow's waiting. An alarm ends it, too.

    Outcomes: `allowed`, `refused`, `asked` (it answers later), `tripped`. A call that is made twice asks twice.
    """
    if occasion not in WORDS:
        msg = f"There is no hook '{occasion}'."
        raise SelfrightError(msg)
    changes: Changes = {"guard_token": task_token, **renewed(world)}
    deployment = world.deployments.update(deployment_id, changes, phases=MOVING)
    if deployment.trip:
        world.workflows.fail(task_token, deployment.trip.reason)
        return HookAsked(deployment, "tripped", deployment.trip.reason)
    hook = hook_of(environment_of(world, deployment), deployment, occasion)
    result = world.hooks.run(hook, _event(deployment, occasion, task_token))
    if result is None:
        record(world, deployment_id, EventKind.HOOK, f"hook {hook}: it was asked {WORDS[occasion]}, and answers later.")
        return HookAsked(deployment, "asked")
    if result.passed:
        record(world, deployment_id, EventKind.HOOK, f"{result.check}: {result.detail}.")
        world.workflows.succeed(task_token, SAID_YES)
        return HookAsked(deployment, "allowed")
    reason = f"Check failed {WORDS[occasion]}: {result.check}: {result.detail}"
    tripped = trip(world, deployment_id, "check", reason)
    world.workflows.fail(task_token, reason)
    return HookAsked(tripped, "refused", reason)


def _event(deployment: Deployment, occasion: str, task_token: str) -> dict[str, Any]:
    """What a hook gets: CodeDeploy's two keys, and what is known of the deployment."""
    staged = {name: deployment.staged[name].id for name in deployment.changed}
    known = HookAsked(deployment, "asked").document()
    own = {"DeploymentId": deployment.deployment_id, "LifecycleEventHookExecutionId": task_token}
    return {**own, **known, "hook": occasion, "revisions": staged}
