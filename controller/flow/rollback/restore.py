"""Restore component: all visitors are sent to the stable revision."""

from controller.domain.deployment import Awaited, Deployment, Pending
from controller.domain.environment import Environment
from controller.domain.phases import Phase
from controller.errors import ChangedByOthersError, ConflictError, LedgerConflictError, SelfrightError, TransientError
from controller.flow.rollback.traffic import restore
from controller.flow.shared.pending import awaiting, takes_long
from controller.flow.shared.timeline import Card, environment_of, tell
from controller.ports.world import World


def restore_component(world: World, deployment_id: str, name: str) -> Card:
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
        tell(world, deployment_id, "restore_failed", f"{name}: {error}")
        return {"component": name, "outcome": "left_alone"}
    tell(world, deployment_id, "restored", f"{name} is back on its stable revision.")
    return {"component": name, "outcome": "restored"}


def _restore_lasting(world: World, environment: Environment, deployment: Deployment, name: str) -> Card:
    """The same for what takes long; how it stands is noted, so that the verification knows whether to wait for it."""
    try:
        answer = restore(world, environment, deployment, name)
        if isinstance(answer, Pending):
            changes = awaiting(world, deployment, name, answer)
            world.deployments.update(deployment.deployment_id, changes, phases={Phase.ROLLING_BACK})
            return {"component": name, "outcome": "pending", "reason": answer.doing}
    except (TransientError, LedgerConflictError):
        raise
    except SelfrightError as error:
        _note_over(world, deployment, name, trouble=str(error))
        tell(world, deployment.deployment_id, "restore_failed", f"{name}: {error}")
        return {"component": name, "outcome": "left_alone"}
    left = answer.reason if answer else ""
    _note_over(world, deployment, name, left=left)
    tell(world, deployment.deployment_id, "restored", left or f"{name} is back on its stable revision.")
    return {"component": name, "outcome": "restored"}


def _note_over(world: World, deployment: Deployment, name: str, *, left: str = "", trouble: str = "") -> None:
    since = deployment.awaited[name].since if name in deployment.awaited else world.clock.now()
    over = Awaited(since, over=True, left=left, trouble=trouble)
    world.deployments.update(deployment.deployment_id, {f"awaited.{name}": over}, phases={Phase.ROLLING_BACK})
