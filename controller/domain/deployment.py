"""One deployment: one attempt to bring one release into one environment, as the ledger remembers it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, TypedDict

from controller.domain.checks.redaction import bind
from controller.domain.phases import MOVING, Phase
from controller.domain.printable import MESSAGE_BYTES, NAME_BYTES, PART_BYTES


@dataclass(frozen=True)
class Upload:
    """The uploaded object, pinned to its version so that it cannot be replaced meanwhile.

    `hotfix` is the reason to release it although an alarm is firing, `retry` the reason to release contents again, even
    if there is evidence against them; `by` is the uploader. The upload states all three.
    """

    bucket: str
    key: str
    version_id: str
    size: int
    uploaded_at: datetime
    hotfix: str = ""
    by: str = ""
    retry: str = ""

    def __post_init__(self) -> None:
        bind(self, "hotfix", "by", "retry", most=NAME_BYTES)


@dataclass(frozen=True)
class Revision:
    """What a component becomes when staged.

    `id` is what traffic points at: a Lambda version ("7") or a site revision ("3f9a…").
    `digest` is the content's SHA-256, so that two revisions can be compared. `mark` is what the last shift to it left
    (an alias's revision id): with it, a rollback can set the traffic without reading the alias first. `indivisible` is
    why AWS cannot divide visitors between it and what was live when it was staged ("" when it can).
    """

    id: str
    digest: str = ""
    mark: str = ""
    indivisible: str = ""

    def __post_init__(self) -> None:
        bind(self, "indivisible", most=NAME_BYTES)


@dataclass(frozen=True)
class Pending:
    """A component is not done yet: what AWS is doing, and the timeout in seconds."""

    doing: str
    patience: int

    def __post_init__(self) -> None:
        bind(self, "doing", most=PART_BYTES)


@dataclass(frozen=True)
class Left:
    """A component was restored only in part, on purpose. `reason` says what stays as the release made it, and why."""

    reason: str

    def __post_init__(self) -> None:
        bind(self, "reason", most=PART_BYTES)


@dataclass(frozen=True)
class Awaited:
    """A component that takes minutes to change: when the wait began, what AWS is doing, and whether it is over.

    `left` is what restoring it leaves in place on purpose, and why.
    """

    since: datetime
    doing: str = ""
    over: bool = False
    left: str = ""

    def __post_init__(self) -> None:
        bind(self, "doing", "left", most=PART_BYTES)


@dataclass(frozen=True)
class Trouble:
    """Why something is not restored yet, and since when.

    `lasting`: it does not pass by itself (somebody else changed a component, AWS refuses the call for good, a check
    fails). It counts only if it is seen again later. All other trouble passes: no answer, an outage, a throttled call.
    """

    since: datetime
    reason: str
    lasting: bool = False

    def __post_init__(self) -> None:
        bind(self, "reason", most=PART_BYTES)


@dataclass(frozen=True)
class Unsent:
    """A notification that is still to be sent, since when, and until when somebody is at it (None: nobody is)."""

    phase: Phase
    reason: str
    next_step: str
    claimed_until: datetime | None = None
    since: datetime | None = None

    def __post_init__(self) -> None:
        bind(self, "reason", "next_step", most=MESSAGE_BYTES)


def due(now: datetime, phase: Phase, reason: str, next_step: str) -> dict[str, Unsent]:
    """A notification as an entry of `Changes.unsent_now`, named by the moment at which it became due."""
    return {f"{now:%Y%m%dT%H%M%S%f}": Unsent(phase, reason, next_step, since=now)}


LONGEST_TASK = timedelta(minutes=16)
"""After so long nothing runs any more of a task that was begun: Lambda ends every function after 15 minutes."""


@dataclass(frozen=True)
class TaskRun:
    """The task of the release that was begun last, by its number from 1, and the numbers of those that are `done`.

    `claim` counts what was begun in this deployment, `attempt` how often this task was, `since` is when it was last.
    With `over` it is known that nothing of it runs any more, though it is not done.
    """

    number: int
    claim: int
    attempt: int
    since: datetime
    done: tuple[int, ...] = ()
    over: bool = False

    @property
    def runs_until(self) -> datetime | None:
        """Until when what was begun last may be running; None when it has ended."""
        return None if self.over or self.number in self.done else self.since + LONGEST_TASK


@dataclass(frozen=True)
class Step:
    """One traffic step: `weight` percent of the visitors on the canary for a bake of `bake` seconds."""

    weight: int
    bake: int


STRADDLING = timedelta(minutes=5)
"""A measurement that ends so soon after a release may still be of it."""
TripSource = Literal["alarm", "judge", "inconclusive", "check", "arrival", "person", "fault", "reconciler"]
EVIDENCE = frozenset({"alarm", "judge", "check"})
"""The sources that say something about the release. Too few requests, a late AWS, a fault or a person say nothing."""


@dataclass(frozen=True)
class Trip:
    """Why a deployment must be undone. The first trip stays; it is written before anything is restored.

    `fired_at` is the moment at which the alarm changed its state, according to its event, and `data_until` the end of
    the newest measurement for which it did: an alarm comes minutes later than what it is about.
    """

    at: datetime
    source: TripSource
    reason: str
    fired_at: datetime | None = None
    data_until: datetime | None = None

    def __post_init__(self) -> None:
        bind(self, "reason", most=MESSAGE_BYTES)


@dataclass(frozen=True)
class Counts:
    """Requests and failed requests of one revision in one interval."""

    requests: int = 0
    errors: int = 0

    @property
    def error_rate(self) -> float:
        """The share of requests that failed, 0 to 1; 0 when there were no requests."""
        return self.errors / self.requests if self.requests else 0.0

    def __add__(self, other: "Counts") -> "Counts":
        """The sum of both counts."""
        return Counts(self.requests + other.requests, self.errors + other.errors)


@dataclass(frozen=True)
class Comparison:
    """One metric in which canary and stable are compared: its state at an evaluation, counted from the first one.

    `metric` is `errors`, or a percentile of stable's own duration (`p50`, `p75`, `p90`, `p99`) with its `threshold_ms`;
    then `errors` of the counts are the requests that took longer. `share` is the canary's part of the requests, 0 to 1.
    `e_value` is the evidence that the canary is worse; it causes a rollback when it reaches `limit`. `low` and `high`
    are bounds of the canary's error rate minus stable's (-1 to 1), which hold at all evaluations together; None when
    there are none.
    """

    component: str
    metric: str
    canary: Counts
    stable: Counts
    share: float
    e_value: float
    limit: float
    threshold_ms: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """What the judge saw at one evaluation, for display.

    `canary` and `stable` are requests and errors of all compared components so far; `step` and `weight`
    say where the deployment was. `data` says which data arrived: `complete`, `late`, `none`, `canary only`, `stable
    only`, or `uncompared` when there are no two versions to compare. `firing` are the alarms that were firing.
    `e_value`, `limit`, `low` and `high` are those of all comparisons together; see `Comparison`.
    """

    at: datetime
    verdict: str
    reason: str
    canary: Counts = field(default_factory=Counts)
    stable: Counts = field(default_factory=Counts)
    step: int = 0
    weight: int = 0
    data: str = "complete"
    share: float = 0.0
    e_value: float = 1.0
    limit: float = 0.0
    low: float | None = None
    high: float | None = None
    firing: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()

    def __post_init__(self) -> None:
        bind(self, "reason")


@dataclass(frozen=True)
class Bake:
    """The bake of one traffic step: when it began, when it ends, and its state.

    Until `waits_until` at the latest, numbers of it are waited for: a version may be silent. None where its end waits
    for none. The judge sets `concluded`; a guard that opens after that closes itself at once. `synthetic` is the number
    of requests that Selfright sent because visitors sent too few.
    """

    step: int
    started_at: datetime
    ends_at: datetime
    extended: bool = False
    concluded: bool = False
    synthetic: int = 0
    waits_until: datetime | None = None


@dataclass(frozen=True)
class Written:
    """The last change of the visitors' traffic: its canary's weight (0: the way back), and its moments.

    It is written when AWS has taken it, has arrived when visitors are served by it, as far as one can know, and is seen
    when their requests are in the numbers. Until then, `there` are the components that have arrived.
    """

    weight: int
    at: datetime
    there: tuple[str, ...] = ()
    arrived_at: datetime | None = None
    seen_at: datetime | None = None


@dataclass(frozen=True)
class Overtaken:
    """A time in which visitors were led to the next release: until that had been rolled back (None: still)."""

    at: datetime
    back_at: datetime | None = None

    def covers(self, data_until: datetime) -> bool:
        """Whether measurements until then may be of the next release."""
        return data_until > self.at and (self.back_at is None or data_until <= self.back_at + STRADDLING)


@dataclass(frozen=True)
class Hotfix:
    """A release that must end `alarms`, which were firing when it began: they do not guard it.

    `by` is the user who asked for it, `reason` is why.
    """

    alarms: tuple[str, ...]
    reason: str
    by: str = ""

    def __post_init__(self) -> None:
        bind(self, "reason", "by", most=NAME_BYTES)


@dataclass(frozen=True)
class Deployment:
    """A deployment's whole state. Only the ledger changes it, field by field and conditionally.

    `waves` are the components in the order in which they are staged and shifted. `checks` are the release's
    verification checks, each as JSON text, kept so that a later rollback to this release can be verified. `secrets` are
    the secrets that it needs, each as JSON text, with the names of their keys; `tasks` are what it does before its
    checks, each as JSON text, and `task_run` is how far they are. `previous` is the deployment that was
    live before. `fencing_token` is that of its lock; a deployment without progress until `lease_until` counts as stuck.
    `awaited` are the components that take minutes, while they are staged and later while they are restored. `export` is
    the SHA-256 (hex) of the restore point's manifest in the artifacts bucket ("" when nothing was exported);
    `snapshots` are those of its databases, by component, requested at `snapshots_since`. `served_before` are the
    components that any earlier release brought to visitors; None before it is read, and when it cannot be known.
    `reached` is the highest weight in percent to which a shift has begun to move traffic (0: none ever began), also
    after a restoration; `reached_at` is when the first one began. `guard_tokens`, `hook_tokens`, `queue_tokens` and
    `pause_tokens` belong to the tasks that wait: every attempt of such a task has a token of its own, and all of them
    are answered. `troubles` say what is not restored yet, `restored` when each component was, with its seal, and
    `unstaged` when what was staged was gone from it, or was left to people; `unstage_rounds` is how often that was
    begun again, because it had failed. Before `settles_at`, unconditional writes that were made before it was granted
    the lock may still arrive; `pointed_at` is when it last began to make such writes itself; before `tasks_until`, a
    task of the deployment before it may still be running. `unsent` are notifications that are still to be sent.
    `written` is the last change of traffic, and whether it has arrived; before a change is complete, it is the one
    before. After the end, something is kept until `grace_until`: the guards of a release that is live, or what was
    staged for one that was rolled back. `hook_since` is when the hook was asked first that answers *not now*.
    `overtaken` are the times in which the next ones had visitors; `late_alarm` is an alarm that came after the end, and
    for which the release is still to be rolled back. `unjudged` says why a step went on without a verdict.
    """

    deployment_id: str
    application: str
    environment: str
    phase: Phase
    upload: Upload
    execution_arn: str
    created_at: datetime
    updated_at: datetime
    version: str = ""
    digest: str = ""
    components: tuple[str, ...] = ()
    waves: tuple[tuple[str, ...], ...] = ()
    checks: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    task_run: TaskRun | None = None
    previous: str = ""
    fencing_token: int = 0
    lease_until: datetime | None = None
    restore_point: Mapping[str, Revision] | None = None
    export: str = ""
    snapshots: Mapping[str, str] = field(default_factory=dict)
    snapshots_since: datetime | None = None
    staged: Mapping[str, Revision] = field(default_factory=dict)
    awaited: Mapping[str, Awaited] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    served_before: tuple[str, ...] | None = None
    weight: int = 0
    bake: Bake | None = None
    evaluation: Evaluation | None = None
    trip: Trip | None = None
    hotfix: Hotfix | None = None
    guard_tokens: tuple[str, ...] = ()
    hook_tokens: tuple[str, ...] = ()
    queue_tokens: tuple[str, ...] = ()
    pause_tokens: tuple[str, ...] = ()
    reason: str = ""
    next_step: str = ""
    rollback_execution_arn: str = ""
    rollback_attempts: int = 0
    reached: int = 0
    reached_at: datetime | None = None
    written: Written | None = None
    traffic_restored_at: datetime | None = None
    troubles: Mapping[str, Trouble] = field(default_factory=dict)
    restored: Mapping[str, datetime] = field(default_factory=dict)
    unstaged: Mapping[str, datetime] = field(default_factory=dict)
    unstage_rounds: int = 0
    settles_at: datetime | None = None
    pointed_at: datetime | None = None
    tasks_until: datetime | None = None
    waits_since: datetime | None = None
    discards_since: datetime | None = None
    closed_at: datetime | None = None
    grace_until: datetime | None = None
    late_alarm: Trip | None = None
    overtaken: tuple[Overtaken, ...] = ()
    unjudged: str = ""
    hook_since: datetime | None = None
    unsent: Mapping[str, Unsent] = field(default_factory=dict)

    def __post_init__(self) -> None:
        bind(self, "reason", "next_step", "unjudged", most=MESSAGE_BYTES)

    @property
    def environment_key(self) -> str:
        """The name of its environment: `application/environment`."""
        return f"{self.application}/{self.environment}"

    @property
    def ignored_alarms(self) -> tuple[str, ...]:
        """The alarms that neither guard nor judge this deployment."""
        return self.hotfix.alarms if self.hotfix else ()

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of the components whose staged revision is not the one that was live."""
        before = self.restore_point or {}
        return tuple(sorted(name for name, new in self.staged.items() if new.id != _id(before.get(name))))

    @property
    def newcomers(self) -> tuple[str, ...]:
        """The changed components that were never live: they have no stable, so all visitors get them at once."""
        served = self.served_before
        return () if served is None else tuple(name for name in self.changed if name not in served)

    @property
    def at_once(self) -> tuple[str, ...]:
        """The changed components that all visitors get at the first step: newcomers, and what cannot be divided."""
        new = self.newcomers
        return tuple(name for name in self.changed if name in new or self.staged[name].indivisible)

    def weight_of(self, name: str) -> int:
        """The percentage of the visitors that get this component's new revision at the present step."""
        return 100 if self.weight and name in self.at_once else self.weight

    @property
    def is_told(self) -> bool:
        """Whether it has ended, and people were told."""
        return self.phase.is_terminal and not self.unsent

    @property
    def is_condemned(self) -> bool:
        """Whether it was undone because of evidence against its release, so that this version is not released again.

        A check or the judge is evidence; so is an alarm, once visitors could get the release.
        """
        if self.late_alarm and self.may_have_caused(self.late_alarm.data_until):
            return True
        if self.trip is None or self.trip.source not in EVIDENCE:
            return False
        return self.trip.source != "alarm" or self.may_have_caused(self.trip.data_until)

    def may_have_caused(self, data_until: datetime | None) -> bool:
        """Whether measurements until then may be of this release: not if no visitor could get it before their end."""
        if not self.reached:
            return False
        return data_until is None or self.reached_at is None or data_until > self.reached_at

    def is_accused_by(self, data_until: datetime | None) -> bool:
        """Whether an alarm that comes after its end is about this release: not if the next one had visitors by then.

        Without the time of its data, an alarm is about the newest release that visitors could get.
        """
        if data_until is None and self.overtaken:
            return False
        if data_until is not None and any(one.covers(data_until) for one in self.overtaken):
            return False
        return self.may_have_caused(data_until)

    def led_away(self, now: datetime) -> tuple[Overtaken, ...]:
        """The times in which the next ones had visitors, when one more begins to lead them away."""
        return (*self.led_back(now), Overtaken(now))

    def led_back(self, now: datetime) -> tuple[Overtaken, ...]:
        """These times, when the last of the next ones has been rolled back."""
        return tuple(one if one.back_at else replace(one, back_at=now) for one in self.overtaken)

    def precedes(self, data_until: datetime | None) -> bool:
        """Whether measurements until then were made before it was received: they say nothing about it."""
        return data_until is not None and data_until <= self.created_at

    def is_ahead_of(self, data_since: datetime | None, data_until: datetime | None) -> bool:
        """Whether a measurement is of what was there before the first release: of nothing, or of a placeholder.

        One that had begun when visitors could get the release is of both. What is not known counts against the release.
        """
        if self.previous or not self.fencing_token or self.phase not in MOVING:  # Before the lock, it is not known.
            return False
        if self.reached_at is None:
            return True
        since = data_since or data_until
        return since is not None and since < self.reached_at

    @property
    def rollback_reason(self) -> str:
        """Why it is rolled back: its trip's reason, or else its own."""
        return self.trip.reason if self.trip else self.reason

    @property
    def order(self) -> tuple[tuple[str, ...], ...]:
        """The waves; a single one with all components when the release names no order."""
        return self.waves or (self.components,)

    @property
    def next_wave(self) -> tuple[str, ...]:
        """The first wave that is not completely staged; empty when all are."""
        return next((wave for wave in self.order if not self.staged.keys() >= set(wave)), ())

    @property
    def staged_wave(self) -> tuple[str, ...]:
        """The last wave that is completely staged; empty before the first one is."""
        done = self.order[: self.order.index(self.next_wave)] if self.next_wave else self.order
        return done[-1] if done else ()


def _id(revision: Revision | None) -> str:
    return revision.id if revision else ""


Cleared: TypeAlias = Literal[
    "guard_tokens",
    "hook_tokens",
    "hook_since",
    "pause_tokens",
    "waits_since",
    "discards_since",
    "written",
    "grace_until",
    "late_alarm",
]


class Changes(TypedDict, total=False):
    """What one write to the ledger changes of a deployment; see `Deployment` for the fields.

    `staged_now`, `awaited_now`, `troubles_now`, `restored_now`, `unstaged_now` and `unsent_now` set the entries that
    they name and leave the others, because several components write at the same time while they are staged or restored.
    `awaited`, `troubles`, `restored` and `unstaged` replace all entries. Tokens are added to those that are there, and
    `cleared` names fields that are as at first again. `sent` removes that entry of `unsent`.
    """

    phase: Phase
    version: str
    digest: str
    components: tuple[str, ...]
    waves: tuple[tuple[str, ...], ...]
    checks: tuple[str, ...]
    secrets: tuple[str, ...]
    tasks: tuple[str, ...]
    task_run: TaskRun
    previous: str
    served_before: tuple[str, ...] | None
    fencing_token: int
    lease_until: datetime
    restore_point: Mapping[str, Revision]
    export: str
    snapshots: Mapping[str, str]
    snapshots_since: datetime
    staged_now: Mapping[str, Revision]
    awaited: Mapping[str, Awaited]
    awaited_now: Mapping[str, Awaited]
    steps: tuple[Step, ...]
    weight: int
    bake: Bake
    evaluation: Evaluation | None
    trip: Trip
    hotfix: Hotfix
    guard_tokens: tuple[str, ...]
    hook_tokens: tuple[str, ...]
    queue_tokens: tuple[str, ...]
    pause_tokens: tuple[str, ...]
    reason: str
    next_step: str
    rollback_execution_arn: str
    rollback_attempts: int
    reached: int
    reached_at: datetime
    written: Written
    traffic_restored_at: datetime
    troubles: Mapping[str, Trouble]
    troubles_now: Mapping[str, Trouble]
    restored: Mapping[str, datetime]
    restored_now: Mapping[str, datetime]
    unstaged: Mapping[str, datetime]
    unstaged_now: Mapping[str, datetime]
    unstage_rounds: int
    settles_at: datetime
    pointed_at: datetime
    tasks_until: datetime
    waits_since: datetime
    discards_since: datetime
    closed_at: datetime
    grace_until: datetime
    late_alarm: Trip
    overtaken: tuple[Overtaken, ...]
    unjudged: str
    hook_since: datetime
    unsent_now: Mapping[str, Unsent]
    cleared: tuple[Cleared, ...]
    sent: str
