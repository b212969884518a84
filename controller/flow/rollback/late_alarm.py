"""An alarm that comes after the end of a release that is still live: it is rolled back all the same.

Alarms are minutes late, and no release waits for them: it ends when its last bake ends, and the next one may begin. As
long as the next one holds the lock, the alarm stops that one, because it guards it, too; the one before is noted as
still to be rolled back, and the reconciler does that if it is still live when the lock is free.
"""

from controller.domain.deployment import Changes, Deployment, Trip
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from controller.errors import LedgerConflictError
from controller.flow.rollback.begin_rollback import NOBODY, begin_rollback
from controller.flow.rollback.traffic import restore_traffic, start_for_alarm
from controller.flow.shared.overtaking import serves
from controller.flow.shared.timeline import record
from controller.ports.ledger import Expected
from controller.ports.world import World


def roll_back_late(world: World, deployment: Deployment, made: Trip) -> None:
    """Roll back a release that has ended well, if it is still live and nobody holds the lock.

    Traffic goes first; the rollback machine, which is started then, repeats and verifies that.
    """
    deployment_id = deployment.deployment_id
    if not _noted(world, deployment, made):
        return
    lock = world.locks.load(deployment.environment_key)
    if lock.holder or lock.held or not serves(world, lock, deployment):
        return  # What it was noted for: `try_again`.
    begun = begin_rollback(world, deployment_id, NOBODY, "alarm", made.reason)  # Its own execution may still be ending.
    if begun.outcome == "begun":
        restore_traffic(world, world.deployments.get(deployment_id))
        start_for_alarm(world, deployment.deployment_id, made)


def go_on(world: World, deployment: Deployment) -> None:
    """Start the rollback of what a late alarm has claimed, if that died before it could."""
    claimed = deployment.phase is Phase.ROLLING_BACK and deployment.rollback_execution_arn == NOBODY
    if deployment.late_alarm and claimed:
        start_for_alarm(world, deployment.deployment_id, deployment.late_alarm)


def try_again(world: World, deployment: Deployment, accusation: Trip) -> bool:
    """Roll back what an alarm accused while the next release held the lock; False when it is not live any more."""
    lock = world.locks.load(deployment.environment_key)
    if lock.holder or lock.held:
        return True  # If the next release is rolled back, this one is live again.
    if not serves(world, lock, deployment):
        return False
    start_for_alarm(world, deployment.deployment_id, accusation)
    return True


def _noted(world: World, deployment: Deployment, made: Trip) -> bool:
    """Note the alarm, so that it is not forgotten; False when the deployment is not over any more.

    The grace is written again: if the reconciler has just ended it, it looks after the deployment again.
    """
    if deployment.late_alarm:
        return True
    noted: Changes = {"late_alarm": made, "grace_until": deployment.grace_until or made.at}
    unknown = Expected(absent="late_alarm")  # EventBridge and the topic tell the same alarm, at the same moment.
    try:
        world.deployments.update(deployment.deployment_id, noted, phases={Phase.SUCCEEDED}, expected=unknown)
    except LedgerConflictError:
        present = world.deployments.get(deployment.deployment_id)
        return present.phase is Phase.SUCCEEDED and present.late_alarm is not None
    record(world, deployment.deployment_id, EventKind.TRIPPED, f"After its end: {made.reason}")
    return True
