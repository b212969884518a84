"""What was staged for a release that was rolled back is discarded, while its deployment still holds the lock.

Nothing waits for that or depends on it: it is tried in bounded time, and the next successful release prunes what it
leaves. What any kept release needs stays, because a revision may have come from an older release with the same
contents.
"""

from contextlib import suppress
from datetime import timedelta

from controller.domain.deployment import Changes, Deployment
from controller.domain.environment import Environment
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from controller.errors import LedgerConflictError, NotFoundError, SelfrightError
from controller.flow.shared.fence import permit_back
from controller.flow.shared.pending import takes_long
from controller.flow.shared.timeline import environment_of, record
from controller.ports.world import World

PATIENCE = timedelta(seconds=15)
"""After that, what is left stays, so that the release that waits for the lock can begin."""
ALTOGETHER = timedelta(minutes=5)
"""The same for all attempts together, of which each may die."""


def discard_staged(world: World, deployment: Deployment) -> None:
    """Discard the new revisions of a deployment that was rolled back; errors are only recorded in the timeline."""
    if not deployment.changed and not deployment.awaited:
        return
    try:
        if _is_in_time(world, deployment):
            _discard(world, deployment)
    except SelfrightError as error:
        record(
            world, deployment.deployment_id, EventKind.DISCARD_FAILED, f"What was staged may still be there: {error}"
        )


def _is_in_time(world: World, deployment: Deployment) -> bool:
    """Whether this began a short time ago: what dies at it again and again must not keep the lock for ever."""
    now = world.clock.now()
    if deployment.discards_since is not None:
        return now - deployment.discards_since < ALTOGETHER
    changes: Changes = {"discards_since": now}
    with suppress(LedgerConflictError):
        world.deployments.update(deployment.deployment_id, changes, phases={Phase.ROLLING_BACK})
    return True


def _discard(world: World, deployment: Deployment) -> None:
    environment = environment_of(world, deployment)
    _prune_unfinished(world, deployment, environment)
    kept, until = _kept(world, deployment, environment.keep_revisions), world.clock.now() + PATIENCE
    gone = []
    for name in deployment.changed:
        revision = deployment.staged[name]
        if (name, revision.id) in kept or world.clock.now() > until:
            continue
        permit_back(world, deployment.deployment_id)  # The next release may be staging the same contents.
        try:
            if world.components.get(environment, name).discard(revision):
                gone.append(f"{name} {revision.id}")
        except SelfrightError as error:
            record(world, deployment.deployment_id, EventKind.DISCARD_FAILED, f"{name}: {error}")
    if gone:
        record(world, deployment.deployment_id, EventKind.DISCARDED, f"Discarded: {', '.join(gone)}.")


def _prune_unfinished(world: World, deployment: Deployment, environment: Environment) -> None:
    """Prune where staging never finished: the new revision has no known name, but it may cost money."""
    for name in sorted(deployment.awaited.keys() - deployment.staged.keys()):
        if takes_long(environment, name) or name not in environment.components:
            continue
        stable = (deployment.restore_point or {})[name]
        try:
            world.components.get(environment, name).prune([stable], environment.keep_revisions)
        except SelfrightError as error:
            record(world, deployment.deployment_id, EventKind.DISCARD_FAILED, f"{name}: {error}")


def _kept(world: World, deployment: Deployment, count: int) -> set[tuple[str, str]]:
    """The revisions of this deployment's restore point, and of the newest `count` releases that were live before it."""
    kept = {(name, revision.id) for name, revision in (deployment.restore_point or {}).items()}
    before = deployment.previous
    for _ in range(count):
        if not before:
            break
        try:
            release = world.deployments.get(before)
        except NotFoundError:
            break
        kept |= {(name, revision.id) for name, revision in release.staged.items()}
        before = release.previous
    return kept
