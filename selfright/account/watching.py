"""Watches a deployment in the ledger until it is over.

Watching polls the ledger: often while events happen, otherwise once a second. If the ledger does not answer for a
while, watching continues, because the release continues by itself.
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
"""Receiving takes seconds; a deployment that is not in the ledger after this will probably never be."""
SILENCE_SECONDS = 60
"""The ledger may fail to answer for this long."""
CLOSING_SECONDS = 3
"""The last event is written right after the last phase; a watcher waits this long for it."""
PACES = ((10, 0.25), (60, 0.5))
SLOWEST = 1.0

NEVER_CAME = (
    "Look at the executions of the deploy machine in the Step Functions console. If there is none, EventBridge"
    " is off for the bucket, or the rule for incoming/ is missing or disabled. If one failed, it says why. S3 may need"
    " five minutes until it tells of uploads to a new bucket; what came before that begins after a quarter of an hour."
)


class Reads(Protocol):
    """The methods of the ledger that a watcher needs."""

    def find(self, deployment_id: str) -> Deployment | None:
        """The deployment as it is now, or None."""

    def timeline(self, deployment_id: str) -> Sequence[TimelineEvent]:
        """Everything that happened to it, in order."""


@dataclass(frozen=True)
class LedgerReading:
    """One reading of the ledger: the deployment (None: does not exist yet), new events, and the error of the read."""

    at: datetime
    deployment: Deployment | None = None
    news: tuple[TimelineEvent, ...] = ()
    trouble: str = ""


class TimedOutError(AdviceError):
    """The timeout is over, and the deployment has not ended yet."""


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
class DeploymentWatcher:
    """Watches deployments; `clock` and `sleep` are arguments so that a test takes no time."""

    ledger: Reads
    clock: Callable[[], datetime] = now
    sleep: Callable[[float], None] = time.sleep
    appear_seconds: float = APPEAR_SECONDS

    def watch(
        self,
        deployment_id: str,
        see: Callable[[LedgerReading], None],
        *,
        over: Callable[[Deployment], bool] = is_over,
        timeout: float | None = None,
        known: Sequence[TimelineEvent] = (),
    ) -> Deployment:
        """Call `see` with every reading until the deployment is `over`; returns how it ended.

        `known` events do not count as news.
        Raises `NeverAppearedError` when it is not in the ledger within 30 seconds, `TimedOutError` after `timeout`
        seconds, and `TransientError` when the ledger has not answered for a minute.
        """
        progress = _Progress(deployment_id, self.ledger, self.clock(), over, tuple(known))
        while True:
            reading = progress.read(self.clock())
            see(reading)
            if ended := progress.ended(reading):
                return ended
            self._give_up(progress, reading.at, timeout)
            self.sleep(pace((reading.at - progress.changed_at).total_seconds()))

    def _give_up(self, progress: "_Progress", at: datetime, timeout: float | None) -> None:
        waited = (at - progress.started_at).total_seconds()
        if progress.deployment is None and not progress.silent_since and waited >= self.appear_seconds:
            message = (
                f"No deployment {progress.deployment_id} has begun within {self.appear_seconds:g} s of the upload."
            )
            raise NeverAppearedError(message, NEVER_CAME)
        if timeout is not None and waited >= timeout:
            phase = progress.deployment.phase if progress.deployment else "not in the ledger yet"
            message = f"Deployment {progress.deployment_id} is {phase} after {timeout:g} s; it continues by itself."
            raise TimedOutError(message)


@dataclass
class _Progress:
    """What one watcher has seen of one deployment so far."""

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

    def read(self, at: datetime) -> LedgerReading:
        """Read the ledger once; raises errors that waiting does not solve."""
        try:
            reading = self._read(at)
        except TransientError as error:
            self.silent_since = self.silent_since or at
            if at - self.silent_since >= timedelta(seconds=SILENCE_SECONDS):
                raise
            return LedgerReading(at, self.deployment, trouble=str(error))
        self.silent_since = None
        return reading

    def _read(self, at: datetime) -> LedgerReading:
        found = self.ledger.find(self.deployment_id)
        if found is None:
            return LedgerReading(at)
        timeline = tuple(self.ledger.timeline(self.deployment_id))
        news = tuple(event for event in timeline if event not in self.events)
        if news or found != self.deployment:
            self.changed_at = at
        self.deployment, self.events = found, timeline
        return LedgerReading(at, found, news)

    def ended(self, reading: LedgerReading) -> Deployment | None:
        """The deployment, if it is over and its last event was seen (or has been waited for long enough)."""
        if reading.trouble or self.deployment is None or not self.over(self.deployment):
            return None
        complete = bool(self.events) and self.events[-1].kind == "closed"
        late = (reading.at - self.changed_at).total_seconds() >= CLOSING_SECONDS
        return self.deployment if complete or late else None
