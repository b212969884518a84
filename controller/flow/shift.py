"""Shift traffic: all changed components of a release go to the same weight, together, in the order of their waves.

Only those that were never live go to 100 % at the first step: no older revision could serve the other visitors.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from controller.domain.deployment import Changes, Deployment
from controller.domain.environment import Environment
from controller.domain.phases import TOUCHED, Phase
from controller.domain.strategy import ALL
from controller.domain.timeline import EventKind
from controller.errors import LedgerConflictError
from controller.flow.shared.arrival import note_written
from controller.flow.shared.fence import permit
from controller.flow.shared.lease import renewed
from controller.flow.shared.overtaking import lead_to
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.components import Fence
from controller.ports.ledger import Expected
from controller.ports.world import World


@dataclass(frozen=True)
class Shifted(DeploymentResult):
    """The weight (percent) that is on the canary now."""

    outcome: Literal["shifted"]
    weight: int = 0


def shift(world: World, deployment_id: str, step: int) -> Shifted:
    """Send the step's share of the visitors to the canary of every changed component.

    The weight is written first, so that a late or repeated call for an earlier step is recognised.
    Raises `TrippedError` or `LedgerConflictError` when the deployment may not go on, `ChangedByOthersError` when a
    person changed a component.
    """
    deployment = permit(world, deployment_id)
    weight = deployment.steps[step].weight
    _require_not_late(deployment, weight)
    environment = environment_of(world, deployment)
    changes: Changes = {
        "phase": Phase.SHIFTING,
        "weight": weight,
        "reached": weight,
        "cleared": ("guard_tokens", "hook_tokens", "hook_since", "pause_tokens"),
        **renewed(world),
    }
    if not deployment.reached:
        changes["reached_at"] = world.clock.now()
    if environment.moves_unconditionally(_moved(environment, replace(deployment, weight=weight))):
        changes["pointed_at"] = world.clock.now()
    expected = Expected(fencing_token=deployment.fencing_token, untripped=True, weight_at_most=weight)
    if deployment.reached:
        shifting = world.deployments.update(deployment_id, changes, phases=TOUCHED, expected=expected)
    else:
        shifting = lead_to(world, deployment, changes, expected)
    for wave in deployment.order:
        marks = {name: _shift(world, environment, shifting, name) for name in wave if name in deployment.changed}
        _remember(world, shifting, marks)
    note_written(world, shifting, weight)
    world.markers.mark(shifting, Phase.SHIFTING, world.clock.now())
    record(world, deployment_id, EventKind.SHIFTED, _message(shifting))
    return Shifted(shifting, "shifted", weight=weight)


def _moved(environment: Environment, deployment: Deployment) -> list[str]:
    """The components whose traffic its step moves: what divides no visitors stays where it is until all are moved."""
    known = environment.components
    changed = [name for name in deployment.changed if name in known]
    return [name for name in changed if known[name].divides_visitors or deployment.weight_of(name) >= ALL]


def _message(deployment: Deployment) -> str:
    said = f"{deployment.weight} % of the visitors get version {deployment.version}"
    new = ", ".join(name for name in deployment.at_once if deployment.weight_of(name) != deployment.weight)
    return f"{said}; all visitors get at once: {new}." if new else f"{said}."


def _shift(world: World, environment: Environment, deployment: Deployment, name: str) -> str | None:
    fence = Fence(deployment.fencing_token, "forward", partial(_permit, world, deployment))
    stable, canary = (deployment.restore_point or {})[name], deployment.staged[name]
    return world.components.get(environment, name).shift(stable, canary, deployment.weight_of(name), fence)


def _remember(world: World, deployment: Deployment, marks: Mapping[str, str | None]) -> None:
    """Keep the marks that the shifts returned: each can save a restoration one read; an old one costs nothing."""
    marked = {name: replace(deployment.staged[name], mark=mark) for name, mark in marks.items() if mark}
    with suppress(LedgerConflictError):  # It is being rolled back, and the rollback reads the state instead.
        if marked:
            world.deployments.update(deployment.deployment_id, {"staged_now": marked}, phases=TOUCHED)


def _permit(world: World, shifting: Deployment) -> None:
    _require_not_late(permit(world, shifting.deployment_id), shifting.weight)


def _require_not_late(deployment: Deployment, weight: int) -> None:
    if deployment.weight > weight:
        reached = f"Deployment {deployment.deployment_id} is already at {deployment.weight} %"
        msg = f"{reached}: a call for {weight} % came too late."
        raise LedgerConflictError(msg)
