"""What is not restored yet, component by component, and why: as it is seen now, and as the restoration noted it.

Only *Restore component* knows whether somebody else moved a component. Until that has said so, a component that is
elsewhere is just not restored yet.
"""

from collections.abc import Collection
from datetime import datetime

from controller.domain.deployment import Deployment, Trouble
from controller.domain.environment import Environment
from controller.domain.lock import LANDING, LONGEST_WRITE
from controller.errors import (
    ConflictError,
    InvalidEnvironmentError,
    SelfrightError,
    TransientError,
    UnknownEnvironmentError,
)
from controller.flow.rollback.traffic import may_have_moved
from controller.flow.shared.pending import takes_long
from controller.flow.shared.timeline import environment_of
from controller.ports.world import World


def differences(world: World, deployment: Deployment, slow: Collection[str]) -> dict[str, Trouble]:
    """What is wrong, by component; the components in `slow` take long and say themselves what is wrong.

    Raises `TransientError` when the environment cannot be read.
    """
    if not deployment.restore_point:
        return {}
    try:
        environment = environment_of(world, deployment)
    except (UnknownEnvironmentError, InvalidEnvironmentError) as error:
        return dict.fromkeys(_touched(deployment), Trouble(world.clock.now(), str(error), lasting=True))
    found = {
        name: _trouble(world, environment, deployment, name, slow=name in slow) for name in deployment.restore_point
    }
    return {name: trouble for name, trouble in found.items() if trouble}


def _trouble(
    world: World, environment: Environment, deployment: Deployment, name: str, *, slow: bool
) -> Trouble | None:
    """What is wrong with one component: as it was noted, unless it is seen to be well, or still wrong for good."""
    noted = deployment.troubles.get(name)
    noted = noted if noted and noted.reason else None
    if name not in environment.components and name in _touched(deployment):
        return Trouble(world.clock.now(), f"{environment.key} does not have it any more", lasting=True)
    if slow:
        return noted
    if not _is_ours(environment, deployment, name):
        return None
    seen = _unsealed(world, environment, deployment, name) or _elsewhere(world, environment, deployment, name)
    if seen and noted and not (seen.lasting and noted.lasting):
        return noted
    return seen


def _touched(deployment: Deployment) -> list[str]:
    """What staging may have changed: without the environment's document, nobody knows which of it was."""
    return [name for name in deployment.restore_point or {} if name in {*deployment.changed, *deployment.awaited}]


def _is_ours(environment: Environment, deployment: Deployment, name: str) -> bool:
    """Whether this deployment may have moved it, and all of it has to be as before."""
    left = name in deployment.awaited and deployment.awaited[name].left
    return not left and (may_have_moved(deployment, name) or takes_long(environment, name))


def _unsealed(world: World, environment: Environment, deployment: Deployment, name: str) -> Trouble | None:
    """Whether a late shift could still move it: it has no seal yet, or is of a kind that cannot have one."""
    now = world.clock.now()
    if may_have_moved(deployment, name) and not (name in deployment.restored or deployment.traffic_restored_at):
        return Trouble(now, "it is not restored yet")
    if environment.moves_unconditionally([name]) and _may_still_land(deployment, now):
        return Trouble(now, "a write of the shift may still be on its way, and this kind has no conditional writes")
    return None


def _may_still_land(deployment: Deployment, now: datetime) -> bool:
    """Whether an unconditional write that was permitted just before the trip may still come."""
    if deployment.pointed_at is None:
        return False
    tripped = deployment.trip.at if deployment.trip else now
    return now - tripped < LANDING and now - deployment.pointed_at < LONGEST_WRITE


def _elsewhere(world: World, environment: Environment, deployment: Deployment, name: str) -> Trouble | None:
    """Why it is not seen on its stable revision; None when it is."""
    now, stable = world.clock.now(), (deployment.restore_point or {})[name]
    try:
        live = world.components.get(environment, name, urgent=True).current().id
    except (TransientError, ConflictError) as error:
        return Trouble(now, str(error))
    except SelfrightError as error:
        return Trouble(now, str(error), lasting=True)
    wrong = f"is on {live or 'nothing'} and should be on {stable.id or 'nothing'}"
    return Trouble(now, wrong) if live != stable.id else None
