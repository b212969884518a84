"""What was staged for a release that was rolled back is deleted, when no visitor can reach it any more.

An edge location or a front end that learns late may still lead visitors to it for minutes, so it is kept for the
environment's `discard_after`. Deletions are not conditional: they are made only while nobody holds the environment's
lock, and whoever gets the lock meanwhile waits until none of them can arrive any more.
"""

from datetime import datetime, timedelta

from controller.domain.deployment import Changes, Deployment
from controller.domain.environment import Environment
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from controller.errors import SelfrightError
from controller.flow.shared.hand_over import find, keep_quiet
from controller.flow.shared.pending import takes_long
from controller.flow.shared.timeline import environment_of, record
from controller.ports.world import World

PATIENCE = timedelta(seconds=15)
"""After that, no further deletion is begun."""
QUIET = timedelta(seconds=60)
"""After that, no deletion can arrive any more: it takes seconds, and the function that makes it is over."""
ALTOGETHER = timedelta(minutes=15)
"""What fails or dies at it again and again is left for the next successful release to prune."""


def leaves_something(deployment: Deployment) -> bool:
    """Whether there is something of a deployment that was rolled back to discard."""
    return bool(deployment.changed or deployment.awaited)


def discard_staged(world: World, deployment: Deployment) -> bool:
    """Discard the new revisions of a deployment that was rolled back; False when it is to be tried again later.

    Errors are recorded in the timeline.
    """
    if not leaves_something(deployment):
        return True
    live = keep_quiet(world, deployment.environment_key, world.clock.now() + QUIET)
    if live is None:
        return False
    if not _is_in_time(world, deployment):
        return True
    try:
        return _discard(world, deployment, live)
    except SelfrightError as error:
        said = f"What was staged may still be there: {error}"
        record(world, deployment.deployment_id, EventKind.DISCARD_FAILED, said)
        return False


def _is_in_time(world: World, deployment: Deployment) -> bool:
    """Whether this began a short time ago: what dies at it again and again must not go on for ever."""
    now = world.clock.now()
    if deployment.discards_since is not None:
        return now - deployment.discards_since < ALTOGETHER
    changes: Changes = {"discards_since": now}
    world.deployments.update(deployment.deployment_id, changes, phases={deployment.phase})
    return True


def _discard(world: World, deployment: Deployment, live: str) -> bool:
    environment = environment_of(world, deployment)
    until = world.clock.now() + PATIENCE
    if not _prune_unfinished(world, deployment, environment, until):
        return False
    kept = _kept(world, deployment, live, environment.keep_revisions) | _of_others(world, deployment)
    gone, done = [], True
    for name in deployment.changed:
        revision = deployment.staged[name]
        if (name, revision.id) in kept or name not in environment.components:
            continue
        if not _may_delete(world, environment, until):
            done = False
            break
        try:
            if world.components.get(environment, name).discard(revision):
                gone.append(f"{name} {revision.id}")
        except SelfrightError as error:
            done = False
            record(world, deployment.deployment_id, EventKind.DISCARD_FAILED, f"{name}: {error}")
    if gone:
        record(world, deployment.deployment_id, EventKind.DISCARDED, f"Discarded: {', '.join(gone)}.")
    return done


def _may_delete(world: World, environment: Environment, until: datetime) -> bool:
    return world.clock.now() <= until and not world.locks.load(environment.key).holder


def _prune_unfinished(world: World, deployment: Deployment, environment: Environment, until: datetime) -> bool:
    """Prune where staging never finished: the new revision has no known name, but it may cost money.

    False when something is left for later.
    """
    for name in sorted(deployment.awaited.keys() - deployment.staged.keys()):
        if takes_long(environment, name) or name not in environment.components:
            continue
        if not _may_delete(world, environment, until):
            return False
        stable = (deployment.restore_point or {})[name]
        try:
            world.components.get(environment, name).prune([stable], environment.keep_revisions)
        except SelfrightError as error:
            record(world, deployment.deployment_id, EventKind.DISCARD_FAILED, f"{name}: {error}")
    return True


def _of_others(world: World, deployment: Deployment) -> set[tuple[str, str]]:
    """The revisions of the environment's other deployments that are on their way, held, or kept for a while, too.

    The same contents are the same revision, so one of them may need what this one staged.
    """
    held = world.locks.load(deployment.environment_key).held_by
    kept: set[tuple[str, str]] = set()
    for name in {*world.open_deployments.open(), held} - {"", deployment.deployment_id}:
        other = find(world, name)
        if other and other.environment_key == deployment.environment_key:
            kept |= {(part, revision.id) for part, revision in other.staged.items()}
    return kept


def _kept(world: World, deployment: Deployment, live: str, count: int) -> set[tuple[str, str]]:
    """The revisions of the release that is live, of its restore point, and of the newest `count` releases before it."""
    kept = {(name, revision.id) for name, revision in (deployment.restore_point or {}).items()}
    for _ in range(count + 1):
        release = find(world, live)
        if release is None:
            break
        of_it = [*release.staged.items(), *(release.restore_point or {}).items()]
        kept |= {(name, revision.id) for name, revision in of_it if release.phase is not Phase.ROLLED_BACK}
        live = release.previous
    return kept
