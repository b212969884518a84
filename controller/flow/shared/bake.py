"""The bake of a traffic step: its branches, *Judge canary* and *Guard alarms*, end together."""

from dataclasses import dataclass, replace
from typing import Literal

from controller.domain.deployment import Bake, Deployment
from controller.domain.phases import MOVING, Phase
from controller.domain.printable import figure
from controller.errors import LedgerConflictError, SelfrightError
from controller.flow.shared.results import DeploymentResult
from controller.ports.ledger import Expected
from controller.ports.world import World

BakeVerdict = Literal["wait", "healthy", "unhealthy", "pause"]
"""What the workflow does after an evaluation."""
JUDGED = frozenset({Phase.SHIFTING, Phase.BAKING})
"""The phases in which the judge is at work."""


@dataclass(frozen=True)
class Judged(DeploymentResult):
    """What follows from an evaluation: `wait` for `wait_seconds`, `pause` for a person, or the end of the bake."""

    outcome: Literal["evaluated"]
    verdict: BakeVerdict = "wait"
    wait_seconds: int = 0
    evidence: str = ""


def require_current(deployment: Deployment, step: int) -> None:
    """Raise `LedgerConflictError` when the step's bake is over: a late call must not touch the next bake."""
    if deployment.bake and deployment.bake.step > step:
        msg = f"The bake of step {step + 1} of {deployment.deployment_id} is over: this call came too late."
        raise LedgerConflictError(msg)


def conclude(world: World, deployment: Deployment, verdict: Literal["healthy", "unhealthy"], reason: str) -> Judged:
    """End the bake; the guard is closed, because a Parallel ends only when all its branches have ended."""
    bake = open_bake(deployment)
    ended = world.deployments.update(
        deployment.deployment_id,
        {"bake": replace(bake, concluded=True)},
        phases=MOVING,
        expected=Expected(bake_step=bake.step),
    )
    for token in ended.guard_tokens:
        world.workflows.succeed(token, {"outcome": "concluded"})
    return judged_now(ended, verdict, reason=reason)


def judged_now(
    deployment: Deployment, verdict: BakeVerdict, *, wait_seconds: int = 0, reason: str | None = None
) -> Judged:
    """The result of an evaluation, with what the console shows of it: the e-value against its limit."""
    seen = deployment.evaluation
    evidence = (
        f"e-value {figure(seen.e_value)} of {figure(seen.limit)}" if seen and seen.limit else "nothing to compare"
    )
    return Judged(deployment, "evaluated", reason, verdict, wait_seconds, evidence)


def open_bake(deployment: Deployment) -> Bake:
    """The bake that is under way; raises `SelfrightError` when there is none."""
    if deployment.bake is None:
        msg = f"Deployment {deployment.deployment_id} has no open bake."
        raise SelfrightError(msg)
    return deployment.bake
