"""An alarm fires: every deployment that it guards is tripped and its visitors are restored at once."""

from contextlib import suppress
from datetime import datetime

from controller.domain.deployment import Trip
from controller.errors import ConflictError, SelfrightError
from controller.flow.rollback.traffic import trip_and_restore
from controller.flow.shared.pending import takes_long
from controller.flow.shared.timeline import environment_of
from controller.ports.world import World


def on_alarm(world: World, alarm: str, reason: str, fired_at: datetime | None = None) -> list[str]:
    """An alarm fires (at `fired_at`): every deployment that it guards is tripped, put back at once, its workflow told.

    Returns the ids of the deployments. The rollback machine repeats the putting back and verifies it, so a component
    that cannot be put back here does not keep the others or the workflow waiting.
    """
    guarded = list(world.guards.guarded_by(alarm))
    trouble = []
    for deployment_id in guarded:
        try:
            if not _is_old(world, deployment_id, fired_at):
                trip_and_restore(
                    world, deployment_id, Trip(world.clock.now(), "alarm", f"Alarm {alarm}: {reason}", fired_at)
                )
        except SelfrightError as error:
            trouble.append(error)  # The others must not wait for this one.
    if trouble:
        raise trouble[0]
    return guarded


def _is_old(world: World, deployment_id: str, fired_at: datetime | None) -> bool:
    """Whether the alarm changed its state before the deployment began: then its event comes late, and is not about it.

    An alarm that had fired before, and still did, has kept the deployment from beginning.
    """
    return fired_at is not None and fired_at < world.deployments.get(deployment_id).created_at


def rehearse(world: World, deployment_id: str) -> None:
    """Read all that putting this deployment back would read, and change nothing.

    A function that has done so lately is warm, connected, and known to be allowed to: an alarm then takes milliseconds.
    """
    deployment = world.deployments.get(deployment_id)
    environment = environment_of(world, deployment)
    for name in deployment.changed:
        if takes_long(environment, name):
            continue
        with suppress(ConflictError):  # In the middle of a release, traffic is split: that is what is to be seen.
            world.components.get(environment, name, urgent=True).current()
