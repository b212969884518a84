"""Unstage component: what was staged is not left where callers meet it that do not come by the component's traffic."""

from datetime import timedelta
from functools import partial

from controller.domain.bundle.archive import BundleArchive
from controller.domain.deployment import Awaited, Changes, Deployment, Left, Pending
from controller.domain.environment import Environment
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from controller.errors import (
    InvalidEnvironmentError,
    LedgerConflictError,
    SelfrightError,
    TransientError,
    UnknownEnvironmentError,
)
from controller.flow.shared.fence import permit_back
from controller.flow.shared.results import ComponentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.components import Context
from controller.ports.world import World

PATIENCE = timedelta(minutes=10)
"""Visitors are back for long; the environment is not held any longer than that for callers who bypass the alias."""


def to_unstage(world: World, deployment: Deployment) -> list[str]:
    """The components in which staging may have left the release."""
    try:
        environment = environment_of(world, deployment)
    except (UnknownEnvironmentError, InvalidEnvironmentError):
        return []
    known = environment.components
    there = [name for name in deployment.components if name in known and known[name].staged_in_place]
    return [name for name in there if name in deployment.changed or name not in deployment.staged]


def not_unstaged(world: World, deployment: Deployment) -> list[str]:
    """The components of which nobody knows whether what was staged is gone, because undoing that failed."""
    return [name for name in to_unstage(world, deployment) if name not in deployment.unstaged]


def unstage(world: World, deployment_id: str, name: str) -> ComponentResult:
    """Undo what staging has left in the component itself; running it again changes nothing.

    Outcomes: `unstaged`; `pending` when it must be asked again; `left_alone` when it stays as it is, which the timeline
    and the reason say; `over` when the deployment has ended. Nothing that fails here holds up the end of the rollback.
    """
    deployment = world.deployments.get(deployment_id)
    if deployment.phase is not Phase.ROLLING_BACK or deployment.restore_point is None:
        return ComponentResult(name, "over")
    try:
        answer = _unstage(world, environment_of(world, deployment), deployment, name)
    except TransientError as error:
        answer = Pending(str(error), 0)
    except LedgerConflictError:
        return ComponentResult(name, "over")
    except SelfrightError as error:
        answer = Left(f"what was staged may still be in it: {error}")
    return _noted(world, deployment, name, answer)


def _unstage(world: World, environment: Environment, deployment: Deployment, name: str) -> Pending | Left | None:
    context = Context(deployment, partial(permit_back, world, deployment.deployment_id))
    component = world.components.get(environment, name, context=context)
    stable = (deployment.restore_point or {})[name]
    with world.bundles.open(deployment.upload) as file:
        bundle = BundleArchive(file)
        return component.unstage(bundle.manifest().components[name], bundle, stable)


def _noted(world: World, deployment: Deployment, name: str, answer: Pending | Left | None) -> ComponentResult:
    now, before = world.clock.now(), deployment.awaited.get(name)
    since = before.since if before and not before.over else now
    if isinstance(answer, Pending) and now - since >= PATIENCE:
        answer = Left(f"what was staged may still be in it: not done after {now - since}, while {answer.doing}")
    left = answer.reason if isinstance(answer, Left) else ""
    doing = answer.doing if isinstance(answer, Pending) else ""
    over = not isinstance(answer, Pending)
    changes: Changes = {"unstaged_now": {name: now}} if over else {}
    if left or not over or (before and not before.over):
        changes["awaited_now"] = {name: Awaited(since, doing, over=over, left=left)}
    try:
        world.deployments.update(deployment.deployment_id, changes, phases={Phase.ROLLING_BACK})
    except LedgerConflictError:
        return ComponentResult(name, "over")
    if not over:
        return ComponentResult(name, "pending", doing)
    if left or before or name in deployment.changed:
        said = left or "its own code and configuration are stable's again."
        record(world, deployment.deployment_id, EventKind.UNSTAGED, f"{name}: {said}")
    return ComponentResult(name, "left_alone" if left else "unstaged", left or None)
