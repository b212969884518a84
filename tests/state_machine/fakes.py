"""Fakes of the ports behind which AWS cannot be had in process. They hold state, and tests read it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Lock

from controller.aws.components.traffic import Traffic
from controller.domain.checks.check import CheckResult
from controller.domain.checks.verification import AnyCheck, OutsideCheck
from controller.domain.components.artifact import Artifact
from controller.domain.components.bypassing import Bypassing
from controller.domain.components.contents import Contents
from controller.domain.deployment import Counts, Revision
from controller.domain.environment import Environment
from controller.domain.judging.alarm_data import StateReason
from controller.domain.strategy import ALL
from controller.errors import AwsError, ChangedByOthersError, ConflictError, NoAnswerError, NotFoundError
from controller.ports.components import Arrival, Context, Fence
from tests.fake_metrics import FakeMetrics as AnyMetrics

Touch = Callable[[str, str], None]
"""Called with a component's name and what happens to it; may act in between, or raise."""


class ManualClock:
    """Implements `ports.Clock`: moved by hand, and by a millisecond at each reading so that a timeline has an order."""

    def __init__(self) -> None:
        self._now = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
        self._lock = Lock()

    def now(self) -> datetime:
        """The time now."""
        self.advance(0.001)
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let time go by instead of waiting."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        with self._lock:
            self._now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Position:
    """Where a switch points; `etag` counts the writes."""

    stable: str
    canary: str = ""
    weight: int = 0
    etag: int = 0
    seal: str = ""


class Switch(Traffic[Position]):
    """The real rules of moving traffic over a switch in memory; a write holds only if nothing changed since."""

    def __init__(self, name: str, live: str, touch: Touch) -> None:
        self.name = name
        self.position = Position(live)
        self.written: list[Position] = []
        self.unwritable = False
        self._touch = touch
        self._lock = Lock()

    def read(self) -> Position:
        """Where it points now."""
        position = self.position
        self._touch(self.name, "read")
        return position

    def is_at(self, state: Position, stable: str, canary: str, weight: int) -> bool:
        """Whether nothing is left to do."""
        wanted = _pointed(stable, canary, weight)
        return (state.stable, state.canary, state.weight) == (wanted.stable, wanted.canary, wanted.weight)

    def is_between(self, state: Position, stable: str, canary: str) -> bool:
        """Whether only these two are served."""
        return (state.stable == stable and state.canary in {"", canary}) or (
            state.stable == canary and not state.canary
        )

    def seal(self, state: Position) -> str:
        """The seal of the last write."""
        return state.seal

    def write(self, state: Position, stable: str, canary: str, weight: int, seal: str) -> None:
        """Point it there on condition."""
        self._touch(self.name, "write")
        with self._lock:
            if self.unwritable:
                raise AwsError(f"lambda:UpdateAlias on {self.name}: AccessDeniedException.")
            if state.etag != self.position.etag:
                raise ConflictError(f"{self.name} was changed at the same time.")
            self.position = replace(_pointed(stable, canary, weight), etag=state.etag + 1, seal=seal)
            self.written.append(self.position)
        self._touch(self.name, "written")

    def by_hand(self, stable: str, canary: str = "", weight: int = 0) -> None:
        """A person moves it."""
        self.position = Position(stable, canary, weight, self.position.etag + 1)

    def describe(self, state: Position) -> str:
        """Where it points, in words."""
        return f"{state.stable} with {state.weight} % on {state.canary or 'nothing else'}"


def _pointed(stable: str, canary: str, weight: int) -> Position:
    if weight >= ALL:
        return Position(canary)
    return Position(stable, canary if weight else "", weight)


class FakeComponent:
    """Implements `ports.Component` in memory; a revision's id says of which content it is."""

    def __init__(self, name: str, touch: Touch) -> None:
        self.switch = Switch(name, f"{name}-0", touch)
        self.revisions = {f"{name}-0": ""}
        self.failing_checks = False
        self.late = ""

    @property
    def serving(self) -> set[str]:
        """The revisions that visitors get."""
        position = self.switch.position
        return {position.stable, *filter(None, [position.canary])}

    def current(self) -> Revision:
        """The one revision that is live."""
        position = self.switch.read()
        if position.canary:
            raise ChangedByOthersError(f"{self.switch.name} is split: {self.switch.describe(position)}.")
        return Revision(position.stable, self.revisions.get(position.stable, ""))

    def why_indivisible(self, artifact: Artifact, bundle: Contents, live: Revision) -> str:
        """Any two revisions can share the visitors."""
        return ""

    def bypassed_by(self) -> Bypassing:
        """Nobody."""
        return Bypassing()

    def stage(self, artifact: Artifact, bundle: Contents) -> Revision:
        """A new revision of new content, or the one that there is."""
        digest = artifact.digest.removeprefix("sha256:")
        revision = Revision(f"{self.switch.name}-{digest[:6]}", digest)
        self.revisions[revision.id] = digest
        return revision

    def check(self, revision: Revision, checks: Sequence[AnyCheck]) -> Sequence[CheckResult]:
        """All pass, or all fail."""
        return [CheckResult(check.name, not self.failing_checks, "as the test says") for check in checks]

    def has(self, revision: Revision) -> bool:
        """Whether it was not taken away."""
        return revision.id in self.revisions

    def shift(self, stable: Revision, canary: Revision, weight: int, fence: Fence) -> None:
        """By the real rules."""
        self.switch.shift(stable.id, canary.id, weight, fence)

    def restore(self, stable: Revision, canary: Revision | None, fence: Fence) -> None:
        """By the real rules."""
        self.switch.restore(stable.id, canary.id if canary else None, fence)

    def arrival(self, stable: Revision, canary: Revision, weight: int, checks: Sequence[AnyCheck]) -> Arrival:
        """What was written has arrived, unless it is `late`."""
        if self.late:
            return Arrival(self.late)
        wanted = _pointed(stable.id, canary.id, weight)
        there = self.switch.is_at(self.switch.position, stable.id, canary.id, weight)
        return Arrival("" if there else f"it is not at {wanted}")

    def prune(self, keep: Sequence[Revision], count: int) -> int:
        """Takes away nothing that is kept or live."""
        kept = {revision.id for revision in keep} | self.serving
        gone = [known for known in self.revisions if known not in kept][: max(0, len(self.revisions) - count)]
        for revision in gone:
            del self.revisions[revision]
        return len(gone)

    def unstage(self, artifact: Artifact, bundle: Contents, stable: Revision) -> None:
        """Nothing is left anywhere."""

    def discard(self, revision: Revision) -> bool:
        """Takes it away unless it is live."""
        return revision.id not in self.serving and self.revisions.pop(revision.id, None) is not None


class FakeComponents(dict[str, FakeComponent]):
    """Implements `ports.Components`."""

    def get(  # type: ignore[override]
        self, environment: Environment, name: str, *, urgent: bool = False, context: Context | None = None
    ) -> FakeComponent:
        """The component of that name."""
        if name not in self:
            raise NotFoundError(f"{environment.key} has no component {name}.")
        found = self[name]
        return (
            found.on(context) if hasattr(found, "on") else found
        )  # The real one of a kind that is made for a context.


@dataclass
class FakeProbe:
    """Implements `ports.Probe`: every check passes unless `failing` says otherwise at that moment."""

    failing: Callable[[], bool] = lambda: False

    def run(
        self, url: str, check: OutsideCheck, others: Sequence[OutsideCheck] = (), *, private: bool = False
    ) -> CheckResult:
        """Pass or fail."""
        return CheckResult(check.name, not self.failing(), f"{url} as the test says")

    def publication(self, url: str, *, private: bool = False) -> str:
        """No component here publishes anything."""
        raise NoAnswerError(f"{url} has no publication")

    def refusal(self, url: str) -> str:
        """Every URL may be asked."""
        return ""


@dataclass
class FakeMetrics(AnyMetrics):
    """Implements `ports.Metrics`: what was live at first is stable, anything else the canary; counts by the period."""

    canary: Counts = field(default_factory=lambda: Counts(100, 0))
    stable: Counts = field(default_factory=lambda: Counts(900, 0))
    stable_id: str = "api-0"

    def counts_of(self, version: str) -> Counts | None:
        """The counts that the test set."""
        return self.stable if version == self.stable_id else self.canary


@dataclass
class FakeAlarms:
    """Implements `ports.Alarms`."""

    values: dict[str, str] = field(default_factory=dict)
    unreadable: bool = False
    until: dict[str, datetime] = field(default_factory=dict)

    def reaction(self, names: Sequence[str]) -> timedelta:
        """One period of a minute."""
        return timedelta(minutes=1)

    def reason(self, name: str) -> StateReason:
        """As `until` says, without words."""
        return StateReason(data_until=self.until.get(name))

    def states(self, names: Sequence[str]) -> Mapping[str, str]:
        """The states of those that exist."""
        if self.unreadable:
            raise AwsError("cloudwatch:DescribeAlarms: AccessDenied.")
        return {name: self.values[name] for name in names if name in self.values}
