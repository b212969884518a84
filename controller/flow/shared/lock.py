"""The lock of an environment: a deployment asks for it, is granted it, and releases it to the next."""

from dataclasses import replace

from controller.domain.deployment import Changes, Deployment
from controller.domain.lock import Lock, LockAnswer, Place, ask, order_of, release, retake
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from controller.errors import ConflictError, LedgerConflictError
from controller.flow.shared.lease import renewed
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import record
from controller.locking import change_lock
from controller.ports.world import World


def request_lock(world: World, deployment: Deployment) -> LockAnswer:
    """Ask for the environment's lock for this deployment."""
    order = order_of(deployment.upload.uploaded_at, deployment.version)
    place = Place(deployment.deployment_id, order)

    def decide(lock: Lock) -> tuple[Lock, LockAnswer]:
        answer = ask(lock, place)
        return answer.lock, answer

    return change_lock(world.locks, deployment.environment_key, decide)


def release_lock(
    world: World,
    environment_key: str,
    deployment_id: str,
    *,
    live: str | None = None,
    hold: str = "",
) -> Deployment | None:
    """Release a deployment's lock and grant it to the one that waits; with `hold`, return that one to be rejected.

    `live` is the deployment whose release is live from now on (None: as before).
    """

    def decide(lock: Lock) -> tuple[Lock, Place | None]:
        after, waiting = release(lock, deployment_id, hold=hold)
        held_no_more = live is not None and lock.holder == deployment_id
        return (replace(after, live=live, held="") if held_no_more and live is not None else after), waiting

    waiting = change_lock(world.locks, environment_key, decide)
    if waiting is None:
        return None
    deployment = world.deployments.get(waiting.deployment_id)
    if hold:
        return deployment
    grant(world, deployment)
    return None


def grant(world: World, deployment: Deployment) -> None:
    """Let a queued deployment that holds the lock go on; harmless when it has done so already."""
    lock = world.locks.load(deployment.environment_key)
    if lock.holder != deployment.deployment_id:
        return
    changes: Changes = {"fencing_token": lock.token, "previous": lock.live, **renewed(world)}
    try:
        granted = world.deployments.update(deployment.deployment_id, changes, phases={Phase.QUEUED})
    except LedgerConflictError:
        return  # It has moved on, or has ended: then the next one that waits finds the abandoned lock.
    if deployment.fencing_token != lock.token:
        said = f"This release holds the lock of {granted.environment_key}."
        record(world, granted.deployment_id, EventKind.GRANTED, said)
    world.workflows.succeed(granted.queue_token, DeploymentResult(granted, "granted").document())


def retake_lock(world: World, deployment: Deployment) -> None:
    """Take the lock for the rollback of a deployment that has ended; raises `ConflictError` when another has it."""

    def decide(lock: Lock) -> tuple[Lock, str]:
        taken = retake(lock, deployment.deployment_id)
        return (lock, lock.holder) if taken is None else (taken, "")

    if other := change_lock(world.locks, deployment.environment_key, decide):
        msg = f"Deployment {other} holds the lock of {deployment.environment_key}: roll that one back first."
        raise ConflictError(msg)


def free(world: World, environment_key: str, deployment_id: str) -> bool:
    """Unlock an environment that is held because of this deployment; False when it is not."""

    def decide(lock: Lock) -> tuple[Lock, bool]:
        ours = deployment_id in lock.held
        return (replace(lock, held="") if ours else lock), ours

    return change_lock(world.locks, environment_key, decide)
