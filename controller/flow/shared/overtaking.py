"""Which release an alarm is about: the newest that visitors could get; each notes on the one before when that changes.

Releases that changed nothing are passed over: what visitors get was brought by an earlier one. It is noted in the
transaction in which a release begins to move visitors, or has been rolled back (`hand_over.end`): a late attempt can
note nothing that is not true, and nothing is left out when a function dies.
"""

from controller.domain.deployment import Changes, Deployment
from controller.domain.lock import Lock
from controller.domain.phases import TOUCHED, Phase
from controller.errors import LedgerConflictError
from controller.flow.shared.hand_over import HandOver, brought, hand_over, holds, one_before
from controller.ports.ledger import Expected, Move
from controller.ports.world import World


def lead_to(world: World, deployment: Deployment, changes: Changes, expected: Expected) -> Deployment:
    """Write the `changes` with which a deployment begins to move visitors, and note that on the release before.

    Raises `LedgerConflictError` when the deployment is not as `expected`, or does not go forward (any more).
    """
    deployment_id = deployment.deployment_id
    if one_before(world, deployment) is None:  # No late alarm can be about it.
        return world.deployments.update(deployment_id, changes, phases=TOUCHED, expected=expected)

    def decide(lock: Lock) -> HandOver[None]:
        present = world.deployments.get(deployment_id)
        if not holds(present, TOUCHED, expected):
            msg = f"Deployment {deployment_id} is {present.phase}: it does not go forward (any more)."
            raise LedgerConflictError(msg)
        moves = [Move(deployment_id, changes, TOUCHED, expected)]
        if before := one_before(world, present):
            led_away: Changes = {"overtaken": before.led_away(world.clock.now())}
            moves.append(Move(before.deployment_id, led_away, {Phase.SUCCEEDED}))
        return HandOver(None, lock, moves)

    hand_over(world, deployment.environment_key, decide)
    return world.deployments.get(deployment_id)


def serves(world: World, lock: Lock, deployment: Deployment) -> bool:
    """Whether visitors get what this release brought: itself, or below the one that holds the lock."""
    return brought(world, lock.live) == deployment.deployment_id
