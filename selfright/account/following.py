"""Following a deployment in the ledger until it is over.

The ledger is the truth, so following is reading it again and again: often while things happen, once a second when
nothing does. A ledger that does not answer for a while is no reason to give up, because the release goes on by itself.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from controller.domain.deployment import Deployment
from controller.domain.timeline import TimelineEvent
from controller.errors import TransientError
from selfright.errors import AdviceError

APPEAR_SECONDS = 30
"""Receiving takes seconds; what is not in the ledger after this will most likely never be."""
SILENCE_SECONDS = 60
"""So long the ledger may fail to answer."""
CLOSING_SECONDS = 3
"""The last event is written right after the last phase; so long it is waited for."""
PACES = ((10, 0.25), (60, 0.5))
SLOWEST = 1.0

NEVER_CAME = (
    "Look at the executions of the deploy machine in the Step Functions console. If there is none, EventBridge"
    " is off for the bucket, or the rule for incoming/ is missing or disabled. If one failed, it says why."
)


class Reads(Protocol):
    """What following needs of the ledger."""

    def find(self, deployment_id: str) -> Deployment | None:
        """The deployment as it is now, or None."""

    def timeline(self, deployment_id: str) -> Sequence[TimelineEvent]:
        """Everything that happened to it, in order."""


@dataclass(frozen=True)
class Sight:
    """What is seen at one moment: the deployment (None: not there yet), new events, and why nothing could be read."""

    at: datetime
    deployment: Deployment | None = None
    news: tuple[TimelineEvent, ...] = ()
    trouble: str = ""


class TimedOutError(AdviceError):
    """The deployment goes on, but nobody wanted to follow it any longer."""


class NeverAppearedError(AdviceError):
    """The upload did not become a deployment."""


def now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


def is_over(deployment: Deployment) -> bool:
    """Whether nothing more will happen to the deployment by itself."""
    return deployment.phase.is_terminal


def pace(quiet: float) -> float:
    """Seconds to wait before reading again, when nothing has changed for `quiet` seconds."""
    return next((wait for below, wait in PACES if quiet < below), SLOWEST)


@dataclass
class Following:
    """Follows deployments; `clock` and `sleep` are arguments so that a test takes no time."""

    ledger: Reads
    clock: Callable[[], datetime] = now
    sleep: Callable[[float], None] = time.sleep
    appear_seconds: float = APPEAR_SECONDS

    def follow(
        self,
        deployment_id: str,
        see: Callable[[Sight], None],
        *,
        over: Callable[[Deployment], bool] = is_over,
        timeout: float | None = None,
        known: Sequence[TimelineEvent] = (),
    ) -> Deployment:
        """Call `see` with every sight until the deployment is `over`; returns how it ended.

        `known` events are not told as news.
        Raises `NeverAppearedError` when it is not in the ledger within 30 seconds, `TimedOutError` after `timeout`
        seconds, and `TransientError` when the ledger has not answered for a minute.
        """
        watch = _Watch(deployment_id, self.ledger, self.clock(), over, tuple(known))
        while True:
            sight = watch.evaluation(self.clock())
            see(sight)
            if ended := watch.ended(sight):
                return ended
            self._give_up(watch, sight.at, timeout)
            self.sleep(pace((sight.at - watch.changed_at).total_seconds()))

    def _give_up(self, watch: "_Watch", at: datetime, timeout: float | None) -> None:
        waited = (at - watch.started_at).total_seconds()
        if watch.deployment is None and not watch.silent_since and waited >= self.appear_seconds:
            message = f"No deployment {watch.deployment_id} has begun within {self.appear_seconds:g} s of the upload."
            raise NeverAppearedError(message, NEVER_CAME)
        if timeout is not None and waited >= timeout:
            phase = watch.deployment.phase if watch.deployment else "not in the ledger yet"
            message = f"Deployment {watch.deployment_id} is {phase} after {timeout:g} s; it goes on by itself."
            raise TimedOutError(message)


@dataclass
class _Watch:
    """What one following has seen so far."""

    deployment_id: str
    ledger: Reads
    started_at: datetime
    over: Callable[[Deployment], bool]
    events: tuple[TimelineEvent, ...]
    deployment: Deployment | None = None
    changed_at: datetime = field(init=False)
    silent_since: datetime | None = None

    def __post_init__(self) -> None:
        self.changed_at = self.started_at

    def evaluation(self, at: datetime) -> Sight:
        """Read the ledger once; raises what cannot be waited out."""
        try:
            sight = self._read(at)
        except TransientError as error:
            self.silent_since = self.silent_since or at
            if at - self.silent_since >= timedelta(seconds=SILENCE_SECONDS):
                raise
            return Sight(at, self.deployment, trouble=str(error))
        self.silent_since = None
        return sight

    def _read(self, at: datetime) -> Sight:
        found = self.ledger.find(self.deployment_id)
        if found is None:
            return Sight(at)
        timeline = tuple(self.ledger.timeline(self.deployment_id))
        news = tuple(event for event in timeline if event not in self.events)
        if news or found != self.deployment:
            self.changed_at = at
        self.deployment, self.events = found, timeline
        return Sight(at, found, news)

    def ended(self, sight: Sight) -> Deployment | None:
        """The deployment, if it is over and its last event was seen (or has been waited for long enough)."""
        if sight.trouble or self.deployment is None or not self.over(self.deployment):
            return None
        told = bool(self.events) and self.events[-1].kind == "closed"
        late = (sight.at - self.changed_at).total_seconds() >= CLOSING_SECONDS
        return self.deployment if told or late else None
