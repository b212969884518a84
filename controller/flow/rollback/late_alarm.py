"""An alarm that comes after the end of a release that is still live: it is rolled back all the same.

Alarms are minutes late, and no release waits for them: it ends when its last bake ends, and the next one may begin. As
long as the next one holds the lock, the alarm stops that one, because it guards it, too; the one before is noted as
still to be rolled back, and the reconciler does that if it is still live when the lock is free.
"""

import hashlib

from controller.domain.deployment import Deployment, Trip
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from controller.errors import LedgerConflictError
from controller.flow.rollback.begin_rollback import begin_rollback
from controller.flow.rollback.traffic import restore_traffic
from controller.flow.shared.timeline import record
from controller.ports.ledger import Expected
from controller.ports.world import World


def roll_back_late(world: World, deployment: Deployment, made: Trip) -> bool:
    """Roll back a release that has ended well, if it is still live; False when that cannot be done (now).

    Traffic goes first; the rollback machine, which is started then, repeats and verifies that.
    """
    deployment_id = deployment.deployment_id
    noted = _noted(world, deployment, made)
    if noted is None:
        return False
    begun = begin_rollback(world, deployment_id, noted.execution_arn, "alarm", made.reason)
    if begun.outcome != "begun":
        return False
    restore_traffic(world, world.deployments.get(deployment_id))
    name = f"{deployment_id}-{hashlib.sha256(made.reason.encode()).hexdigest()[:4]}-alarm"
    world.workflows.start_rollback(deployment_id, made.reason, name)
    return True


def _noted(world: World, deployment: Deployment, made: Trip) -> Deployment | None:
    """The deployment with the alarm noted, so that it is not forgotten; None when it is not over any more."""
    if deployment.late_alarm:
        return deployment
    try:
        noted = world.deployments.update(
            deployment.deployment_id, {"late_alarm": made}, phases={Phase.SUCCEEDED}, expected=Expected()
        )
    except LedgerConflictError:
        return None
    record(world, deployment.deployment_id, EventKind.TRIPPED, f"After its end: {made.reason}")
    return noted
