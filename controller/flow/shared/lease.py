"""The lease of a deployment that holds the lock: how long it may be silent before it counts as stuck.

Every step forward renews it. The reconciler rolls a deployment back whose lease has run out, even if its execution
still runs: a state that waits for an answer that will never come is as bad as an execution that was stopped.
"""

from datetime import datetime, timedelta

from controller.domain.deployment import Changes, Deployment
from controller.domain.phases import MOVING
from controller.ports.world import World

PAUSE_SECONDS = 7 * 24 * 3600
"""How long a person has to decide; the timeout of the state *Pause for a person* is the same."""
LEASE = timedelta(hours=1)
"""Longer than any state between two renewals takes with all its retries."""


def renewed(world: World, pause: float = 0) -> Changes:
    """The change that renews the lease from now on; a planned `pause` (seconds) comes on top."""
    return {"lease_until": world.clock.now() + LEASE + timedelta(seconds=pause)}


def ran_out(deployment: Deployment, now: datetime) -> bool:
    """Whether a deployment that should go forward has been silent for too long."""
    return deployment.phase in MOVING and deployment.lease_until is not None and now > deployment.lease_until
