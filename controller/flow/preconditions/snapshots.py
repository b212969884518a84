"""Snapshots of an application's databases, before anything changes. They take minutes, so they are polled."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from controller.domain.components.target import Target
from controller.domain.deployment import Changes, Deployment
from controller.domain.environment import Environment
from controller.domain.phases import UNTOUCHED
from controller.domain.restore_point import Snapshot
from controller.domain.timeline import EventKind
from controller.errors import NotFoundError, RefusedError, SelfrightError
from controller.flow.shared.lease import renewed
from controller.flow.shared.timeline import record
from controller.ports.ledger import Expected
from controller.ports.world import World

POLL_SECONDS, SHARE = 15, 0.02
"""The least seconds between two polls, and the next pause as a share of the time waited so far: an execution's
history has room for 25,000 events, and each poll makes nine."""
ADVICE = "Check the database in the RDS console; then upload the bundle again."


@dataclass(frozen=True)
class Snapshots:
    """The snapshots of all databases, by component; poll again in `pending` seconds, 0 when all are complete."""

    taken: Mapping[str, str]
    pending: int = 0


def take(world: World, environment: Environment, deployment: Deployment) -> Snapshots:
    """Begin the snapshots, or poll them.

    Raises `RefusedError` when one failed or takes too long, `TransientError` when a retry may help.
    """
    kept = environment.outside_bundles
    wanted = {name: target for name, target in kept.items() if _is_wanted(world, target, deployment)}
    if not wanted:
        return Snapshots({})
    deployment = _renew(world, deployment)
    snapshot_of, deployment_id = world.databases.snapshot, deployment.deployment_id
    states = {name: snapshot_of(environment, target, deployment_id) for name, target in wanted.items()}
    for name, snapshot in states.items():
        _require(world, deployment, name, wanted[name], snapshot)
    taken = {name: snapshot.id for name, snapshot in states.items()}
    pending = any(snapshot.state == "pending" for snapshot in states.values())
    _record_progress(world, deployment, taken, pending=pending)
    return Snapshots(taken, _pause(world, deployment) if pending else 0)


def _pause(world: World, deployment: Deployment) -> int:
    now = world.clock.now()
    return max(POLL_SECONDS, ceil(SHARE * (now - (deployment.snapshots_since or now)).total_seconds()))


def prune(world: World, environment: Environment, deployment: Deployment) -> None:
    """Delete old snapshots; a failure is no reason to roll back."""
    for name, target in environment.outside_bundles.items():
        keep = set(deployment.snapshots.values())
        try:
            gone = world.databases.prune(environment, target, keep)
        except SelfrightError as error:
            record(world, deployment.deployment_id, EventKind.PRUNE_FAILED, f"{name}: {error}")
            continue
        if gone:
            record(world, deployment.deployment_id, EventKind.PRUNED, f"{name}: {gone} old snapshots deleted.")


def _is_wanted(world: World, target: Target, deployment: Deployment) -> bool:
    """Whether this deployment may change anything; a release that is already live changes nothing."""
    if target.always_snapshot or not deployment.previous:
        return True
    try:
        return world.deployments.get(deployment.previous).digest != deployment.digest
    except NotFoundError:
        return True


def _renew(world: World, deployment: Deployment) -> Deployment:
    """Renew the lease; raises `LedgerConflictError` when the deployment may not go forward any more."""
    since = deployment.snapshots_since or world.clock.now()
    changes: Changes = {**renewed(world), "snapshots_since": since}
    return world.deployments.update(
        deployment.deployment_id,
        changes,
        phases=UNTOUCHED,
        expected=Expected(fencing_token=deployment.fencing_token, untripped=True),
    )


def _require(world: World, deployment: Deployment, name: str, target: Target, snapshot: Snapshot) -> None:
    if snapshot.state == "failed":
        raise RefusedError(f"{name}: the snapshot {snapshot.id} failed: {snapshot.detail}", ADVICE)
    since = deployment.snapshots_since
    late = since and world.clock.now() > since + target.patience
    if snapshot.state == "pending" and late:
        minutes = target.patience // timedelta(minutes=1)
        what = f"{name}: the snapshot {snapshot.id} is not complete after {minutes} minutes"
        raise RefusedError(f"{what}: {snapshot.detail}", ADVICE)


def _record_progress(world: World, deployment: Deployment, taken: Mapping[str, str], *, pending: bool) -> None:
    """Record the beginning and the end, not every poll; `snapshots` in the ledger is what was recorded."""
    if deployment.snapshots != taken:
        names = ", ".join(f"{name} {snapshot}" for name, snapshot in taken.items())
        world.deployments.update(
            deployment.deployment_id,
            {"snapshots": taken},
            phases=UNTOUCHED,
            expected=Expected(fencing_token=deployment.fencing_token),
        )
        record(world, deployment.deployment_id, EventKind.SNAPSHOT, f"Snapshots before this release: {names}.")
    if not pending:
        record(world, deployment.deployment_id, EventKind.SNAPSHOTS_TAKEN, "All snapshots are complete.")
