"""A person's emergency button: visitors are put back at once, as an alarm would do it, without any state machine.

The rollback machine is started beside it: it stops what still goes forward, repeats the putting back, verifies it and
closes the deployment. So this can die at any moment, and what is stuck need not move for the visitors to be well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from controller.domain.deployment import Deployment, Trip
from controller.domain.phases import MOVING, Phase
from controller.flow.rollback.begin import RollbackBegun, begin
from controller.flow.rollback.traffic import restore_traffic, trip_and_restore
from controller.flow.shared.results import DeploymentResult
from controller.ports.world import World


@dataclass(frozen=True)
class TrafficRestored(DeploymentResult):
    """The visitors are back, but for the components that `failed` (with the reason)."""

    outcome: Literal["restored"]
    failed: Mapping[str, str] | None = None


def emergency(world: World, deployment_id: str, reason: str) -> TrafficRestored | RollbackBegun:
    """Put the visitors back, whatever the deployment is doing.

    Outcomes: `restored`, with what `failed` by component; `refused` with the reason; `nothing` when it has ended so
    that nothing of it is live.
    """
    deployment = world.deployments.get(deployment_id)
    if deployment.phase in MOVING:
        return _said(
            world, deployment_id, trip_and_restore(world, deployment_id, Trip(world.clock.now(), "person", reason))
        )
    if deployment.phase is not Phase.ROLLING_BACK:  # Then it must hold the lock, and be claimed, as for any rollback.
        begun = begin(world, deployment_id, deployment.execution_arn, "person", reason)
        if begun.outcome != "begun":
            return begun
    return _said(world, deployment_id, restore_traffic(world, world.deployments.get(deployment_id)))


def _said(world: World, deployment_id: str, failed: dict[str, str]) -> TrafficRestored:
    deployment: Deployment = world.deployments.get(deployment_id)
    return TrafficRestored(deployment, "restored", failed=failed)
