"""A person's emergency rollback: traffic is set back to stable at once, as for an alarm, without any state machine.

The rollback machine is started beside it: it stops the deploy execution, repeats the restoration, verifies it and
closes the deployment. So this may die at any moment, and a stuck execution does not delay it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from controller.domain.deployment import Deployment, Trip
from controller.domain.phases import MOVING, Phase
from controller.flow.rollback.begin_rollback import NOBODY, RollbackBegun, begin_rollback
from controller.flow.rollback.traffic import restore_traffic, trip_and_restore
from controller.flow.shared.results import DeploymentResult, Unknown
from controller.ports.world import World


@dataclass(frozen=True)
class TrafficRestored(DeploymentResult):
    """Traffic has been set back to stable, except for the components that `failed` (with the reason)."""

    outcome: Literal["restored"]
    failed: Mapping[str, str] | None = None


def emergency(world: World, deployment_id: str, reason: str) -> TrafficRestored | RollbackBegun | Unknown:
    """Set traffic back to stable, whatever the deployment is doing.

    Outcomes: `restored`, with what `failed` by component; `refused` with the reason; `nothing` when it has ended so
    that nothing of it is live.
    """
    deployment = world.deployments.get(deployment_id)
    if deployment.phase in MOVING:
        return _result(
            world, deployment_id, trip_and_restore(world, deployment_id, Trip(world.clock.now(), "person", reason))
        )
    if deployment.phase is not Phase.ROLLING_BACK:  # It has ended, so it must take the lock again.
        begun = begin_rollback(world, deployment_id, NOBODY, "person", reason)
        if begun.outcome != "begun" or isinstance(begun, Unknown):
            return begun
        deployment_id = begun.deployment.deployment_id  # Another one, if the one that was named changed nothing.
    return _result(world, deployment_id, restore_traffic(world, world.deployments.get(deployment_id)))


def _result(world: World, deployment_id: str, failed: dict[str, str]) -> TrafficRestored:
    deployment: Deployment = world.deployments.get(deployment_id)
    return TrafficRestored(deployment, "restored", failed=failed)
