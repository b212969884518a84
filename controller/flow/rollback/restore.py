"""Restore component: all visitors are sent to the stable revision."""

from controller.domain.deployment import Awaited, Changes, Deployment, Left, Pending, Trouble
from controller.domain.environment import Environment
from controller.domain.lock import LONGEST_WRITE
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from controller.errors import ConflictError, LedgerConflictError, SelfrightError, TransientError
from controller.flow.rollback.traffic import may_have_moved, restore
from controller.flow.shared.pending import awaiting, takes_long
from controller.flow.shared.results import ComponentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.world import World


def restore_component(world: World, deployment_id: str, name: str) -> ComponentResult:
    """Send all visitors to a component's stable revision; running it again changes nothing.

    Outcomes: `restored`; `pending` when it must be asked again; `left_alone` when a retry cannot help now, because a
    person changed it or AWS refuses; `over` when the deployment has ended. The ledger keeps what went wrong, so that
    *Verify restoration* can tell trouble that passes from trouble that lasts. Raises `TransientError`.
    """
    deployment = world.deployments.get(deployment_id)
    if deployment.phase is not Phase.ROLLING_BACK:
        return ComponentResult(name, "over")
    try:
        answer = _restore(world, environment_of(world, deployment), deployment, name)
    except LedgerConflictError:
        return ComponentResult(name, "over")
    except SelfrightError as error:
        lasting = _lasts(world, deployment, error)
        _note(world, deployment, name, str(error), lasting=lasting)
        if isinstance(error, TransientError):
            raise
        record(world, deployment_id, EventKind.RESTORE_FAILED, f"{name}: {error}")
        return ComponentResult(name, "left_alone", str(error))
    if name in deployment.troubles:
        _note(world, deployment, name, "")
    if isinstance(answer, Pending):
        return ComponentResult(name, "pending", answer.doing)
    if answer or name not in deployment.restored:
        said = answer.reason if answer else f"{name} is set back to its stable revision."
        record(world, deployment_id, EventKind.RESTORED, said)
    return ComponentResult(name, "restored")


def _restore(world: World, environment: Environment, deployment: Deployment, name: str) -> Pending | Left | None:
    """Restore it; of what takes long, the progress is written, so that the verification knows what to wait for."""
    lasting = takes_long(environment, name)
    if not lasting and not may_have_moved(deployment, name):
        return None
    answer = restore(world, environment, deployment, name)
    if lasting:
        changes = awaiting(world, deployment, name, answer) if isinstance(answer, Pending) else None
        _update(world, deployment, changes or _over(world, deployment, name, answer))
    else:
        _update(world, deployment, {"restored_now": {name: world.clock.now()}})
    return answer


def _lasts(world: World, deployment: Deployment, error: SelfrightError) -> bool:
    """Whether an error is a contradiction: somebody else changed the component, or AWS refuses for good.

    A refusal counts only when no write of a shift can still be on its way, because it leaves no seal.
    """
    if isinstance(error, TransientError):
        return False
    tripped = deployment.trip.at if deployment.trip else deployment.updated_at
    return isinstance(error, ConflictError) or world.clock.now() - tripped >= LONGEST_WRITE


def _over(world: World, deployment: Deployment, name: str, answer: Pending | Left | None) -> Changes:
    since = deployment.awaited[name].since if name in deployment.awaited else world.clock.now()
    left = answer.reason if isinstance(answer, Left) else ""
    return {
        "awaited_now": {name: Awaited(since, over=True, left=left)},
        "restored_now": {name: world.clock.now()},
    }


def _note(world: World, deployment: Deployment, name: str, reason: str, *, lasting: bool = False) -> None:
    """Keep the trouble, since when it is of this kind; without a reason, that it is over."""
    before = deployment.troubles.get(name)
    same = before is not None and before.reason != "" and before.lasting == lasting
    since = before.since if before and same else world.clock.now()
    _update(world, deployment, {"troubles_now": {name: Trouble(since, reason, lasting)}})


def _update(world: World, deployment: Deployment, changes: Changes) -> None:
    world.deployments.update(deployment.deployment_id, changes, phases={Phase.ROLLING_BACK})
