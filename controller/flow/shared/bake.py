"""The bake of a traffic step: its branches, *Judge canary* and *Guard alarms*, end together."""

from dataclasses import replace
from typing import Any

from controller.domain.deployment import Bake, Deployment
from controller.domain.phases import MOVING, Phase
from controller.errors import LedgerConflictError, SelfrightError
from controller.flow.shared.timeline import Card, card
from controller.ports.world import World

JUDGED = frozenset({Phase.SHIFTING, Phase.BAKING})
"""The phases in which the judge is at work."""


def require_current(deployment: Deployment, step: int) -> None:
    """Raise `LedgerConflictError` when the step's bake is over: a late call must not touch the next one."""
    if deployment.bake and deployment.bake.step > step:
        msg = f"The bake of step {step + 1} of {deployment.deployment_id} is over: this call came too late."
        raise LedgerConflictError(msg)


def conclude(world: World, deployment: Deployment, verdict: str, reason: str) -> Card:
    """End the bake; the guard is closed, because a Parallel ends only when all its branches have ended."""
    ended = world.deployments.update(
        deployment.deployment_id,
        {"bake": replace(open_bake(deployment), concluded=True)},
        phases=MOVING,
    )
    if ended.guard_token:
        world.workflows.succeed(ended.guard_token, {"outcome": "concluded"})
    return evaluation_card(ended, verdict, reason=reason)


def evaluation_card(deployment: Deployment, verdict: str, *, wait_seconds: int = 0, **more: Any) -> Card:  # noqa: ANN401 - JSON
    """With what the console shows of an evaluation: the e-value against its limit."""
    seen = deployment.evaluation
    evidence = f"e-value {seen.e_value:.3g} of {seen.limit:.3g}" if seen and seen.limit else "nothing to compare"
    return card(deployment, "evaluated", verdict=verdict, wait_seconds=wait_seconds, evidence=evidence, **more)


def open_bake(deployment: Deployment) -> Bake:
    """The bake that is under way; raises `SelfrightError` when there is none."""
    if deployment.bake is None:
        msg = f"Deployment {deployment.deployment_id} has no open bake."
        raise SelfrightError(msg)
    return deployment.bake
