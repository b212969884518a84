"""Verify: the release's checks from outside, as a visitor makes them."""

from dataclasses import dataclass
from typing import Literal

from controller.domain.checks.verification import OutsideCheck, outside_checks_of
from controller.domain.deployment import Deployment
from controller.domain.strategy import ALL
from controller.domain.timeline import EventKind
from controller.flow.ask_hook import POST, hook_of
from controller.flow.shared.checks import count, trip_for
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.world import World
from controller.probing import probe_all


@dataclass(frozen=True)
class Verified(DeploymentResult):
    """Whether the release answers correctly from outside; `ask`: there is a hook to ask."""

    outcome: Literal["healthy", "ask", "unhealthy"]


def verify(world: World, deployment_id: str, step: int) -> Verified:
    """Make the release's checks from outside, as a visitor.

    Outcomes: `healthy`; `ask` when it is healthy, all visitors are on it, and there is a hook to ask; `unhealthy`.
    """
    deployment = world.deployments.get(deployment_id)
    environment = environment_of(world, deployment)
    results = probe_all(world.probe, environment, *_expected(world, deployment))
    if failed := [result for result in results if not result.passed]:
        tripped, reason = trip_for(world, deployment, f"from outside at {deployment.weight} %", failed)
        return Verified(tripped, "unhealthy", reason)
    if results:
        record(world, deployment_id, EventKind.VERIFIED, f"Step {step + 1}: {count(results)} passed from outside.")
    hook = hook_of(environment, deployment, POST) if deployment.weight >= ALL else ""
    return Verified(deployment, "ask" if hook else "healthy")


def _expected(world: World, deployment: Deployment) -> tuple[list[OutsideCheck], list[OutsideCheck]]:
    """The checks to make from outside, and the checks of the stable release whose answers are as good.

    While both releases serve, either may answer a request from outside. So an answer is correct if either release
    promises it, and what only the new one promises is checked before traffic and at the last step. A component that all
    visitors get at once has only the new revision, from the first step on.
    """
    checks = outside_checks_of(deployment)
    if deployment.weight >= ALL or not deployment.previous:
        return checks, []
    before = outside_checks_of(world.deployments.get(deployment.previous))
    promised = {check.request for check in before}
    new = deployment.at_once
    as_good = [check for check in before if check.component not in new]
    return [check for check in checks if check.component in new or check.request in promised], as_good
