"""Verify: a step has arrived at the visitors; then the release's checks from outside, as a visitor makes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from controller.domain.checks.verification import OutsideCheck, checks_of, outside_checks_of
from controller.domain.deployment import Deployment
from controller.domain.environment import Environment
from controller.domain.strategy import ALL
from controller.domain.timeline import EventKind
from controller.flow.ask_hook import POST, hook_of
from controller.flow.shared.arrival import Arriving, Late, asked_for_a_while, note_arrived, note_there, note_written
from controller.flow.shared.checks import count, trip_for
from controller.flow.shared.fence import permit, trip
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.world import World
from controller.probing import probe_all

PAUSE = 5
"""Seconds until it is asked again whether the step has arrived: this function has asked for more than a minute."""
UNSEEN = "Is its address public, and does no firewall keep requests for /.well-known/selfright/publication away?"


@dataclass(frozen=True)
class Verified(DeploymentResult):
    """Whether the release answers correctly from outside.

    `not_yet`: the step has not arrived, ask again in `wait_seconds`. `ask`: there is a hook to ask.
    """

    outcome: Literal["healthy", "ask", "unhealthy", "not_yet"]
    wait_seconds: int = 0


def verify(world: World, deployment_id: str, step: int, *, may_wait: bool = True) -> Verified:
    """Wait until the step has arrived, then make the release's checks from outside, as a visitor.

    Outcomes: `healthy`; `ask` when it is healthy, all visitors are on it, and there is a hook to ask; `unhealthy`, also
    when it has not arrived within the environment's patience; `not_yet`. Without `may_wait`, which the workflow of an
    older controller cannot, it goes on without having seen the arrival. Raises `TrippedError`.
    """
    deployment = world.deployments.get(deployment_id)
    environment = environment_of(world, deployment)
    change = note_written(world, deployment, deployment.weight)
    if change.arrived_at is None:
        names = [name for name in deployment.changed if name not in change.there]
        arriving = Arriving(world, environment, deployment, names, checks_of(deployment))
        ends = partial(arriving.ends, change.at)
        late = asked_for_a_while(world, partial(_asked, world, deployment_id, arriving), ends)
        if late and may_wait:
            note_there(world, deployment, change, {*names} - {*arriving.left})
            return _late(world, deployment, late, over=world.clock.now() >= ends())
        if late:
            record(world, deployment_id, EventKind.PENDING, f"It was not seen to arrive: {late.missing}")
        else:
            said = f"{deployment.weight} % of the visitors are served by version {deployment.version}."
            deployment = note_arrived(world, deployment, change, said)
    expected, as_good = _expected(world, deployment)
    results = probe_all(world.probe, environment, expected, as_good)
    if failed := [result for result in results if not result.passed]:
        tripped, reason = trip_for(world, deployment, f"from outside at {deployment.weight} %", failed)
        return Verified(tripped, "unhealthy", reason)
    waiting = _waiting(environment, deployment, expected)
    if results or waiting:
        record(
            world, deployment_id, EventKind.VERIFIED, f"Step {step + 1}: {count(results)} passed from outside.{waiting}"
        )
    hook = hook_of(environment, deployment, POST) if deployment.weight >= ALL else ""
    return Verified(deployment, "ask" if hook else "healthy")


def _asked(world: World, deployment_id: str, arriving: Arriving) -> Late | None:
    permit(world, deployment_id)  # An alarm or a person may have ended this meanwhile.
    return arriving.ask()


def _late(world: World, deployment: Deployment, late: Late, *, over: bool) -> Verified:
    """A step that has not arrived yet: asked for again, or given up, which says nothing about the release."""
    if not over:
        return Verified(deployment, "not_yet", late.missing, wait_seconds=PAUSE)
    reason = f"The step of {deployment.weight} % has not arrived in time: {late.missing}."
    reason = f"{reason} {UNSEEN}" if late.unseen else reason
    return Verified(trip(world, deployment.deployment_id, "arrival", reason), "unhealthy", reason)


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


def _waiting(environment: Environment, deployment: Deployment, expected: Sequence[OutsideCheck]) -> str:
    """How many checks wait for the last step, as a sentence; "" when none does."""
    known = environment.components
    reached = [check for check in outside_checks_of(deployment) if check.component in known]
    waiting = len([check for check in reached if known[check.component].url and check not in expected])
    if not waiting:
        return ""
    wait, them = ("waits", "it") if waiting == 1 else ("wait", "them")
    return f" {waiting} more {wait} for {ALL} %, because only this release promises {them}."
