"""Restore component: all visitors are sent to the stable revision."""

from controller.domain.deployment import Awaited, Deployment, Pending
from controller.domain.environment import Environment
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from controller.errors import ChangedByOthersError, ConflictError, LedgerConflictError, SelfrightError, TransientError
from controller.flow.rollback.traffic import restore
from controller.flow.shared.pending import awaiting, takes_long
from controller.flow.shared.results import ComponentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.world import World


def restore_component(world: World, deployment_id: str, name: str) -> ComponentResult:
    """Send all visitors to a component's stable revision; running it again changes nothing.

    Outcomes: `restored`; `pending` when it must be asked again; `left_alone` when a person changed it, because a retry
    cannot help then. Raises `ConflictError` when this deployment does not hold the lock (any more): another deployment
    may be changing the component.
    """
    deployment = world.deployments.get(deployment_id)
    if world.locks.load(deployment.environment_key).holder != deployment_id:
        owner = f"Deployment {deployment_id} does not hold the lock of {deployment.environment_key}"
        msg = f"{owner}: {name} was left as it is."
        raise ConflictError(msg)
    environment = environment_of(world, deployment)
    if takes_long(environment, name):
        return _restore_lasting(world, environment, deployment, name)
    try:
        restore(world, environment, deployment, name)
    except ChangedByOthersError as error:
        record(world, deployment_id, EventKind.RESTORE_FAILED, f"{name}: {error}")
        return ComponentResult(name, "left_alone")
    record(world, deployment_id, EventKind.RESTORED, f"{name} is set back to its stable revision.")
    return ComponentResult(name, "restored")


def _restore_lasting(world: World, environment: Environment, deployment: Deployment, name: str) -> ComponentResult:
    """Restore what takes long; its state is written, so that the verification knows whether to wait for it."""
    try:
        answer = restore(world, environment, deployment, name)
        if isinstance(answer, Pending):
            changes = awaiting(world, deployment, name, answer)
            world.deployments.update(deployment.deployment_id, changes, phases={Phase.ROLLING_BACK})
            return ComponentResult(name, "pending", answer.doing)
    except (TransientError, LedgerConflictError):
        raise
    except SelfrightError as error:
        _note_done(world, deployment, name, trouble=str(error))
        record(world, deployment.deployment_id, EventKind.RESTORE_FAILED, f"{name}: {error}")
        return ComponentResult(name, "left_alone")
    left = answer.reason if answer else ""
    _note_done(world, deployment, name, left=left)
    record(world, deployment.deployment_id, EventKind.RESTORED, left or f"{name} is set back to its stable revision.")
    return ComponentResult(name, "restored")


def _note_done(world: World, deployment: Deployment, name: str, *, left: str = "", trouble: str = "") -> None:
    since = deployment.awaited[name].since if name in deployment.awaited else world.clock.now()
    over = Awaited(since, over=True, left=left, trouble=trouble)
    world.deployments.update(deployment.deployment_id, {"awaited_now": {name: over}}, phases={Phase.ROLLING_BACK})
