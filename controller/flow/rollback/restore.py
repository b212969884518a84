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

    Outcomes: `restored`; `pending` when it is to be asked again; `left_alone` when a person changed it, which does not
    pass by trying again. Raises `ConflictError` when the lock is not this deployment's (any more): others may be at
    work here.
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
    record(world, deployment_id, EventKind.RESTORED, f"{name} is back on its stable revision.")
    return ComponentResult(name, "restored")


def _restore_lasting(world: World, environment: Environment, deployment: Deployment, name: str) -> ComponentResult:
    """The same for what takes long; how it stands is noted, so that the verification knows whether to wait for it."""
    try:
        answer = restore(world, environment, deployment, name)
        if isinstance(answer, Pending):
            changes = awaiting(world, deployment, name, answer)
            world.deployments.update(deployment.deployment_id, changes, phases={Phase.ROLLING_BACK})
            return ComponentResult(name, "pending", answer.doing)
    except (TransientError, LedgerConflictError):
        raise
    except SelfrightError as error:
        _note_over(world, deployment, name, trouble=str(error))
        record(world, deployment.deployment_id, EventKind.RESTORE_FAILED, f"{name}: {error}")
        return ComponentResult(name, "left_alone")
    left = answer.reason if answer else ""
    _note_over(world, deployment, name, left=left)
    record(world, deployment.deployment_id, EventKind.RESTORED, left or f"{name} is back on its stable revision.")
    return ComponentResult(name, "restored")


def _note_over(world: World, deployment: Deployment, name: str, *, left: str = "", trouble: str = "") -> None:
    since = deployment.awaited[name].since if name in deployment.awaited else world.clock.now()
    over = Awaited(since, over=True, left=left, trouble=trouble)
    world.deployments.update(deployment.deployment_id, {"awaited_now": {name: over}}, phases={Phase.ROLLING_BACK})
