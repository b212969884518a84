"""Waiting until a change of traffic has arrived: visitors are served by it, as far as that can be seen.

AWS takes a change at once, and visitors meet it later: the edge locations of CloudFront and the front ends of Lambda
learn of it one after the other, within seconds or minutes. So what was written is asked for, often at first and less
often later, until it is seen several times in a row. No question sees every edge location; a distribution that is
deployed and three answers of the right publication are what can be had.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from controller.domain.checks.verification import AnyCheck
from controller.domain.deployment import Changes, Deployment, Written
from controller.domain.environment import Environment
from controller.domain.phases import OPEN, TOUCHED, Phase
from controller.domain.timeline import EventKind
from controller.errors import LedgerConflictError, NoAnswerError, SelfrightError
from controller.flow.shared.timeline import record
from controller.ports.components import Component
from controller.ports.world import World

IN_A_ROW = 3
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 5.0
"""Seconds between two questions."""
FOR_READS = timedelta(minutes=1)
"""The patience with kinds that move no visitors: a read may be older than the write."""
ASKING = 90
"""Seconds for which one function asks before it lets the workflow wait."""
STALE = timedelta(seconds=6)
"""A read of AWS may be so old."""
AT_ONCE = 16


@dataclass(frozen=True)
class Late:
    """What has not arrived yet, in words; `unseen`: it cannot be seen at all, because nothing answers as it should."""

    missing: str
    unseen: bool = False


def note_written(world: World, deployment: Deployment, weight: int) -> Written:
    """Note when the change to this weight was written, once; 0 is the way back. A rollback is never overwritten."""
    known = deployment.written
    if known and known.weight == weight:
        return known
    made = Written(weight, world.clock.now())
    phases = TOUCHED if weight else {Phase.ROLLING_BACK}
    with suppress(LedgerConflictError):
        world.deployments.update(deployment.deployment_id, {"written": made}, phases=phases)
    return made


def asked_for_a_while(
    world: World, ask: Callable[[], Late | None], until: Callable[[], datetime] | None = None
) -> Late | None:
    """Ask again and again, for a minute and a half at most; None when all has arrived.

    `until` is asked after each question: the patience ends with what has not arrived yet.
    """
    began, pause = world.clock.now(), FIRST_PAUSE
    ends = began + timedelta(seconds=ASKING)
    while late := ask():
        now = world.clock.now()
        over = until is not None and now >= max(until(), began + STALE)  # One old read decides nothing.
        if over or now + timedelta(seconds=pause) > ends:
            return late
        world.clock.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
    return None


class Arriving:
    """The changed components of a deployment on their way to one weight; what has arrived is not asked for again."""

    def __init__(  # noqa: PLR0913 - what is on its way, and to whom
        self,
        world: World,
        environment: Environment,
        deployment: Deployment,
        names: Collection[str],
        checks: Sequence[AnyCheck],
        *,
        back: bool = False,
    ) -> None:
        """`checks` are those of the release that all visitors get in the end; `back`: they go back to stable."""
        self._world, self._environment, self._deployment = world, environment, deployment
        self._checks, self._back = checks, back
        self._left = [name for name in names if name in environment.components]

    def ask(self) -> Late | None:
        """Ask every component that has not arrived yet, once; None when all have."""
        if not self._left:
            return None
        with ThreadPoolExecutor(min(AT_ONCE, len(self._left))) as pool:
            late = dict(zip(self._left, pool.map(self._late, self._left), strict=True))
        self._left = [name for name in self._left if late[name]]
        found = [replace(one, missing=f"{name}: {one.missing}") for name, one in late.items() if one]
        if not found:
            return None
        return Late("; ".join(one.missing for one in found)[:1000], unseen=all(one.unseen for one in found))

    @property
    def left(self) -> list[str]:
        """What has not arrived yet, by name."""
        return list(self._left)

    def ends(self, written_at: datetime) -> datetime:
        """When the patience of the environment ends with the first of the components that have not arrived yet."""
        known = self._environment.components
        patience = (known[name].arrival_patience or FOR_READS for name in self._left)
        return written_at + min(patience, default=timedelta())

    def _late(self, name: str) -> Late | None:
        try:
            component = self._world.components.get(self._environment, name, urgent=self._back)
            return self._missing(name, component)
        except NoAnswerError as error:
            return Late(str(error), unseen=True)
        except SelfrightError as error:
            return Late(f"it cannot be asked: {error}", unseen=True)

    def _missing(self, name: str, component: Component) -> Late | None:
        deployment = self._deployment
        stable, canary = (deployment.restore_point or {})[name], deployment.staged[name]
        weight = 0 if self._back else deployment.weight_of(name)
        arrival = component.arrival(stable, canary, weight, self._checks)
        url = self._environment.components[name].url
        if arrival.missing:
            return Late(arrival.missing)
        if not arrival.publication or not url:
            return None
        ask = partial(self._world.probe.publication, url, private=self._environment.allow_private_urls)
        seen = next((one for one in (ask() for _ in range(IN_A_ROW)) if one != arrival.publication), "")
        return Late(f"{url} still answers with publication {seen} instead of {arrival.publication}") if seen else None


def note_there(world: World, deployment: Deployment, change: Written, there: Collection[str]) -> None:
    """Note what has arrived already: it is not asked for again, and its patience is over."""
    known = tuple(sorted({*change.there, *there}))
    if known != change.there:
        with suppress(LedgerConflictError):
            noted: Changes = {"written": replace(change, there=known)}
            world.deployments.update(deployment.deployment_id, noted, phases=OPEN)


def note_arrived(world: World, deployment: Deployment, change: Written, said: str) -> Deployment:
    """Note that a change has arrived, once; returns the deployment as it is then."""
    if change.arrived_at:
        return deployment
    now = world.clock.now()
    try:
        noted = world.deployments.update(
            deployment.deployment_id, {"written": replace(change, arrived_at=now)}, phases=OPEN
        )
    except LedgerConflictError:
        return world.deployments.get(deployment.deployment_id)
    waited = max(0, round((now - change.at).total_seconds()))
    record(world, deployment.deployment_id, EventKind.ARRIVED, f"{said} It took {waited} s to arrive.")
    return noted
