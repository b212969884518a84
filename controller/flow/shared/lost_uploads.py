"""Uploads of which the ledger knows nothing: their event was lost, or could not be handled for hours."""

from datetime import timedelta

from controller.domain.identity import deployment_id, is_folder, target_of
from controller.errors import NotFoundError, SelfrightError
from controller.ports.world import World

FAILED = "failed"
"""The beginning of what is said of that with which something was wrong."""
AFTER = timedelta(minutes=15)
"""An upload of this age has a deployment, unless something went wrong."""
UNTIL = timedelta(days=2)
"""Older ones are left alone: whoever uploaded them has given up waiting."""


def start_lost_uploads(world: World) -> dict[str, str]:
    """Start the deployment of every upload that has none; returns their ids → what was done.

    If its first execution is still trying, both agree on one deployment. An error with one (it is the value) does not
    stop the others.
    """
    now, done = world.clock.now(), {}
    for upload in world.inbox.uploaded(now - UNTIL, now - AFTER):
        if is_folder(upload.key):
            continue
        known = deployment_id(*target_of(upload.key), upload)
        try:
            if not _has(world, known) and world.inbox.start(upload, f"{known}-{now:%d%H}"):
                done[known] = f"found without a deployment, and started: {upload.key}"
        except SelfrightError as error:
            done[known] = f"{FAILED}: {error}"
    return done


def _has(world: World, known: str) -> bool:
    try:
        world.deployments.get(known)
    except NotFoundError:
        return False
    return True
