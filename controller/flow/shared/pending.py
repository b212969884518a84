"""Components that take long: updating a stack takes minutes, and no function may wait for so long.

So *Stage component* and *Restore component* may answer that a component is not done yet. The workflow waits and asks
again, the ledger keeps since when, and the component's own patience is the bound.
"""

from datetime import datetime
from math import ceil

from controller.domain.deployment import Awaited, Changes, Deployment, Pending
from controller.domain.environment import Environment
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from controller.errors import InvalidEnvironmentError, SelfrightError, UnknownEnvironmentError
from controller.flow.shared.timeline import environment_of, record
from controller.ports.world import World

FIRST_PAUSE, LONGEST_PAUSE = 5, 30
"""Seconds between two questions, at least and, in the first half hour, at most."""
SHARE, LATE_SHARE = 0.1, 0.02
"""The next pause as a share of the time waited so far; and that share after half an hour."""


def awaiting(world: World, deployment: Deployment, name: str, pending: Pending) -> Changes:
    """The change that notes that a component is not done yet; raises `SelfrightError` when its patience is over."""
    now = world.clock.now()
    before = deployment.awaited.get(name)
    since = before.since if before else now
    if (now - since).total_seconds() > pending.patience:
        msg = f"{name}: not done after {pending.patience // 60} minutes, while {pending.doing}"
        raise SelfrightError(msg)
    if before is None or before.doing != pending.doing:
        record(world, deployment.deployment_id, EventKind.PENDING, f"{name}: {pending.doing}.")
    return {"awaited_now": {name: Awaited(since, pending.doing)}}


def pause_of(deployment: Deployment, now: datetime) -> int:
    """How many seconds to wait before asking again; 0 when there is nothing to wait for.

    An execution's history holds 25,000 events, a question makes about twenty, and seven more for each further
    component: hours are waited for with longer pauses, and many components with a second each.
    """
    done = () if deployment.phase is Phase.ROLLING_BACK else deployment.staged
    left = [one for name, one in deployment.awaited.items() if not one.over and name not in done]
    if not left:
        return 0
    waited = max((now - one.since).total_seconds() for one in left)
    return max(len(left), pause_after(waited, LONGEST_PAUSE))


def pause_after(waited: float, longest: int) -> int:
    """The seconds until the next question after so many seconds; at first no more than `longest`."""
    return ceil(max(FIRST_PAUSE, min(SHARE * waited, max(longest, LATE_SHARE * waited))))


def lasting(world: World, deployment: Deployment) -> list[str]:
    """Those of the deployment's components that take long, as far as its environment is still known."""
    try:
        environment = environment_of(world, deployment)
    except (UnknownEnvironmentError, InvalidEnvironmentError):
        return []
    return [name for name in deployment.components if takes_long(environment, name)]


def takes_long(environment: Environment, name: str) -> bool:
    """Whether it is a component of the environment, and one that takes long."""
    return name in environment.components and environment.components[name].takes_long
