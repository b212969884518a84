"""What is not restored yet, component by component, and why: as it is seen now, and as the restoration noted it.

Only *Restore component* knows whether somebody else moved a component. Until that has said so, a component that is
elsewhere is just not restored yet.
"""

from collections.abc import Collection
from datetime import datetime

from controller.domain.components.target import Target
from controller.domain.deployment import Deployment, Revision, Trouble
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
    noted = {name: one for name, one in deployment.troubles.items() if one.reason}
    try:
        environment = environment_of(world, deployment) if deployment.restore_point else None
    except (UnknownEnvironmentError, InvalidEnvironmentError) as error:
        return dict.fromkeys(_touched(deployment), Trouble(world.clock.now(), str(error), lasting=True))
    found: dict[str, Trouble] = {}
    for name, stable in (deployment.restore_point or {}).items():
        trouble: Trouble | None
        if environment and name not in environment.components and name in _touched(deployment):
            trouble = Trouble(world.clock.now(), f"{environment.key} does not have it any more", lasting=True)
        elif name in slow:
            trouble = noted.get(name)
        elif environment is None or not _is_ours(environment, deployment, name):
            trouble = None
        else:
            trouble = _unsealed(environment, deployment, name, world.clock.now()) or _elsewhere(
                world, environment, name, stable
            )
            if trouble and name in noted and not (trouble.lasting and noted[name].lasting):
                trouble = noted[name]
        if trouble:
            found[name] = trouble
    return found


def _touched(deployment: Deployment) -> list[str]:
    """What staging may have changed: without the environment's document, nobody knows which of it was."""
    return [name for name in deployment.restore_point or {} if name in {*deployment.changed, *deployment.awaited}]


def _is_ours(environment: Environment, deployment: Deployment, name: str) -> bool:
    """Whether this deployment may have moved it, and all of it has to be as before."""
    left = name in deployment.awaited and deployment.awaited[name].left
    return not left and (may_have_moved(deployment, name) or takes_long(environment, name))


def _unsealed(environment: Environment, deployment: Deployment, name: str, now: datetime) -> Trouble | None:
    """Whether a late shift could still move it: it has no seal yet, or is of a kind that cannot have one."""
    if may_have_moved(deployment, name) and not (name in deployment.restored or deployment.traffic_restored_at):
        return Trouble(now, "it is not restored yet")
    if _may_still_land(deployment, environment.components.get(name), now):
        return Trouble(now, "a write of the shift may still be on its way, and this kind has no conditional writes")
    return None


def _may_still_land(deployment: Deployment, target: Target | None, now: datetime) -> bool:
    """Whether a write that was permitted just before the trip may still come, where no condition can refuse it."""
    if deployment.pointed_at is None or target is None or target.conditional_writes:
        return False
    tripped = deployment.trip.at if deployment.trip else now
    return now - tripped < LANDING and now - deployment.pointed_at < LONGEST_WRITE


def _elsewhere(world: World, environment: Environment, name: str, stable: Revision) -> Trouble | None:
    """Why it is not seen on its stable revision; None when it is."""
    now = world.clock.now()
    try:
        live = world.components.get(environment, name, urgent=True).current().id
    except (TransientError, ConflictError) as error:
        return Trouble(now, str(error))
    except SelfrightError as error:
        return Trouble(now, str(error), lasting=True)
    wrong = f"is on {live or 'nothing'} and should be on {stable.id or 'nothing'}"
    return Trouble(now, wrong) if live != stable.id else None
