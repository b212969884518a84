"""Exporting the restore point: the configuration of what is live, kept before anything is touched."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from controller.domain.deployment import Deployment, Revision, Upload
from controller.domain.environment import Environment
from controller.domain.restore_point import Part, RestorePoint
from controller.domain.timeline import EventKind
from controller.errors import NotFoundError, RefusedError, SelfrightError, TransientError
from controller.flow.shared.timeline import record
from controller.ports.world import World

ANCESTORS = 10
"""How many releases back to search for the one that brought a revision."""
MESSAGE_LENGTH = 300
ADVICE = (
    "Correct what cannot be read, then upload the bundle again; or set `restore_point_export` to `attempted` in the "
    'environment. A hotfix goes on without it: `selfright release … --hotfix --reason "…"`.'
)


def export(
    world: World,
    environment: Environment,
    deployment: Deployment,
    live: Mapping[str, Revision],
    snapshots: Mapping[str, str],
) -> str:
    """Keep the configuration of everything that is live; returns the manifest's digest, "" when it was not kept.

    A hotfix goes on without it, and says so: what serves visitors now is wrong, and waiting for its export, or refusing
    to replace it, would make that last. Raises `RefusedError` when it fails and the environment requires it,
    `TransientError` when a retry may help.
    """
    if environment.restore_point_export == "off":
        return ""
    try:
        return world.restore_points.keep(_point(world, environment, deployment, live, snapshots))
    except SelfrightError as error:
        urgent, said = bool(deployment.upload.hotfix), str(error)[:MESSAGE_LENGTH]
        if isinstance(error, TransientError) and not urgent:
            raise
        if environment.restore_point_export == "required" and not urgent:
            raise RefusedError(f"The configuration that is live could not be exported: {said}", ADVICE) from error
        why = ". It is a hotfix, so it goes on without one; `selfright restore` cannot use it" if urgent else ""
        record(
            world, deployment.deployment_id, EventKind.EXPORT_FAILED, f"The restore point has no export: {said}{why}"
        )
        return ""


def _point(
    world: World,
    environment: Environment,
    deployment: Deployment,
    live: Mapping[str, Revision],
    snapshots: Mapping[str, str],
) -> RestorePoint:
    databases = {name: Revision(snapshots.get(name, "")) for name in environment.outside_bundles}
    revisions = {**live, **databases}
    with ThreadPoolExecutor(max_workers=max(1, len(revisions))) as pool:
        documents = pool.map(lambda name: world.exports.of(environment, name, revisions[name]), revisions)
        exported = dict(zip(revisions, documents, strict=True))
    sources = _sources(world, deployment, live)
    return RestorePoint(
        deployment.deployment_id,
        deployment.application,
        deployment.environment,
        deployment.updated_at,  # Not the time now: a second run of this task must write the same.
        environment.model_dump(mode="json"),
        {
            name: Part(environment.components[name].kind, revision, exported[name], sources.get(name))
            for name, revision in revisions.items()
        },
        deployment.previous,
        snapshots,
    )


def _sources(world: World, deployment: Deployment, live: Mapping[str, Revision]) -> dict[str, Upload]:
    """The bundle of the newest release that has each live revision."""
    found: dict[str, Upload] = {}
    ancestor = deployment.previous
    for _ in range(ANCESTORS):
        if not ancestor or found.keys() >= live.keys():
            break
        try:
            before = world.deployments.get(ancestor)
        except NotFoundError:
            break
        has = {name for name, revision in before.staged.items() if name in live and live[name].id == revision.id}
        found = {**dict.fromkeys(has, before.upload), **found}
        ancestor = before.previous
    return found
