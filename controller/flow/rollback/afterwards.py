"""What is kept of a deployment after its end, until its grace is over.

A release that is live is guarded for a while, because alarms are late. What was staged for one that was rolled back
stays for a while, because some visitors are still led to it. Neither holds the lock or the pipeline.
"""

from controller.domain.deployment import Changes, Deployment
from controller.domain.phases import Phase
from controller.flow.rollback.discard import discard_staged
from controller.flow.rollback.late_alarm import try_again
from controller.flow.shared.closure import finish
from controller.ports.ledger import ANYTHING, Expected
from controller.ports.world import World


def afterwards(world: World, deployment: Deployment) -> str:
    """Do what is due for a deployment that has ended and is in its grace; returns what was done, "" for nothing."""
    if deployment.unsent:
        finish(world, deployment)
    accused = deployment.late_alarm if deployment.phase is Phase.SUCCEEDED else None
    if accused and try_again(world, deployment, accused):
        return "accused by a late alarm"
    if world.clock.now() < (deployment.grace_until or deployment.updated_at):
        return ""
    if deployment.phase is not Phase.SUCCEEDED and not discard_staged(world, deployment):
        return ""
    over: Changes = {"cleared": ("grace_until",)}
    still = ANYTHING if deployment.late_alarm else Expected(absent="late_alarm")  # It may just have been accused.
    finish(world, world.deployments.update(deployment.deployment_id, over, phases={deployment.phase}, expected=still))
    return "finished"
