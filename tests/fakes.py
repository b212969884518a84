"""The world in memory: a fake of every port that keeps the port's promises, with a clock that tests move by hand."""

import hashlib
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

from controller.domain.checks.check import CheckResult
from controller.domain.checks.verification import OutsideCheck
from controller.domain.components.database.target import DatabaseTarget
from controller.domain.deployment import Deployment, Revision, Upload
from controller.domain.environment import Environment
from controller.domain.judging.alarm_data import StateReason
from controller.domain.phases import Phase
from controller.domain.restore_point import RestorePoint, Snapshot, SnapshotState, snapshot_id
from controller.errors import NotFoundError, UnknownEnvironmentError
from controller.ports.signals import HookAnswer, TaskAnswer
from controller.ports.world import World
from tests.fake_components import FakeComponents
from tests.fake_ledger import FakeDeployments, FakeEvaluations, FakeGuards, FakeLocks, FakeVersions
from tests.fake_metrics import FakeMetrics

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass
class FakeClock:
    """A clock that stands still until a test moves it."""

    time: datetime = START

    def now(self) -> datetime:
        """The time to which the clock is set."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move the clock on instead of waiting."""
        self.forward(seconds)

    def forward(self, seconds: float) -> None:
        """Move the clock on."""
        self.time += timedelta(seconds=seconds)


@dataclass
class FakeEnvironments:
    """The environments in `known`."""

    known: dict[str, Environment] = field(default_factory=dict)

    def get(self, application: str, environment: str) -> Environment:
        """The environment, or `UnknownEnvironmentError`."""
        with suppress(KeyError):
            return self.known[f"{application}/{environment}"]
        raise UnknownEnvironmentError(f"No environment {application}/{environment} is registered.")


@dataclass
class FakeBundles:
    """The uploaded objects by key; each has one version."""

    clock: FakeClock
    objects: dict[str, bytes] = field(default_factory=dict)

    def pin(self, bucket: str, key: str, version_id: str | None) -> Upload:
        """The object's one version."""
        if key not in self.objects:
            raise NotFoundError(f"{key} is not there")
        return Upload(bucket, key, version_id or "v1", len(self.objects[key]), self.clock.now())

    def open(self, upload: Upload) -> BinaryIO:
        """A reader of the object."""
        if upload.key not in self.objects:
            raise NotFoundError(f"{upload.key} is not there")
        return io.BytesIO(self.objects[upload.key])


@dataclass
class FakeExports:
    """The exports of components; with `trouble`, that is raised instead."""

    trouble: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def of(self, environment: Environment, name: str, revision: Revision) -> Mapping[str, Any]:
        """The component's name and revision."""
        self.asked.append(name)
        if self.trouble:
            raise self.trouble
        return {"component": name, "revision": revision.id}


@dataclass
class FakeRestorePoints:
    """The restore points that were kept, by deployment."""

    kept: dict[str, RestorePoint] = field(default_factory=dict)

    def keep(self, point: RestorePoint) -> str:
        """Record the restore point; returns the manifest's digest."""
        self.kept[point.deployment_id] = point
        return hashlib.sha256(list(point.files().values())[-1]).hexdigest()


@dataclass
class FakeDatabases:
    """Snapshots by name: each is pending for `polls` calls, and then in the state `state`."""

    polls: int = 0
    state: SnapshotState = "available"
    trouble: Exception | None = None
    begun: dict[str, int] = field(default_factory=dict)
    pruned: list[tuple[str, set[str]]] = field(default_factory=list)

    def snapshot(self, environment: Environment, target: DatabaseTarget, deployment_id: str) -> Snapshot:
        """Begin the snapshot, or return its progress."""
        if self.trouble:
            raise self.trouble
        name = snapshot_id(target.identifier, deployment_id)
        self.begun[name] = self.begun.get(name, -1) + 1
        return Snapshot(name, self.state if self.begun[name] >= self.polls else "pending", "as it is")

    def prune(self, environment: Environment, target: DatabaseTarget, keep: Collection[str]) -> int:
        """Record what is to be kept."""
        if self.trouble:
            raise self.trouble
        self.pruned.append((target.identifier, set(keep)))
        return 1


@dataclass
class FakeInbox:
    """The uploads in `known`, and the names of the executions that were started for some of them."""

    known: list[Upload] = field(default_factory=list)
    started: dict[str, Upload] = field(default_factory=dict)

    def uploaded(self, since: datetime, until: datetime) -> Sequence[Upload]:
        """Those of this time."""
        return [one for one in self.known if since <= one.uploaded_at < until]

    def start(self, upload: Upload, name: str) -> bool:
        """Record the start, once for each name."""
        if name in self.started:
            return False
        self.started[name] = upload
        return True


@dataclass
class FakeSecrets:
    """Secrets by id: the keys of each, or the error that is raised instead."""

    known: dict[str, frozenset[str] | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def keys(self, environment: Environment, secret_id: str) -> frozenset[str]:
        """The keys, or `NotFoundError`."""
        self.asked.append(secret_id)
        found = self.known.get(secret_id, NotFoundError(f"{secret_id} is not there"))
        if isinstance(found, Exception):
            raise found
        return found


@dataclass
class FakeBudget:
    """A budget that never runs out; it records the rollbacks that others gave way to. `trouble` makes that fail."""

    taken: int = 0
    given_way: list[int] = field(default_factory=list)
    trouble: Exception | None = None

    def take(self) -> None:
        """Count the request."""
        self.taken += 1

    def give_way(self, requests: int) -> None:
        """Record the number of requests."""
        if self.trouble:
            raise self.trouble
        self.given_way.append(requests)


@dataclass
class FakeProbe:
    """Requests from outside: the first answers have the faults in `wrong`, one after the other; the rest are right.

    Those in `unreached` are of nobody who could be asked.
    """

    wrong: list[str] = field(default_factory=list)
    unreached: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    private: dict[str, str] = field(default_factory=dict)
    trusted: list[bool] = field(default_factory=list)
    publications: list[str | Exception] = field(default_factory=list)
    publication_now: str = ""

    def publication(self, url: str, *, private: bool = False) -> str:
        """The answers in `publications`, one after the other; then that of now."""
        answer = self.publications.pop(0) if self.publications else self.publication_now
        if isinstance(answer, Exception):
            raise answer
        return answer

    def run(
        self, url: str, check: OutsideCheck, others: Sequence[OutsideCheck] = (), *, private: bool = False
    ) -> CheckResult:
        """Pass, unless there is a fault left in `wrong`."""
        self.asked.append(f"{url}{check.path}")
        self.trusted.append(private)
        detail = self.wrong.pop(0) if self.wrong else ""
        return CheckResult(check.name, not detail, detail, unknown=detail in self.unreached)

    def refusal(self, url: str) -> str:
        """The reason in `private`."""
        return self.private.get(url, "")


@dataclass
class FakeHooks:
    """The application's hooks: each agrees, except those with a reason in `no` and those that answer `later`.

    Those that are `broken` fail, and those in `not_now` say that so many times first; `trouble` is AWS's.
    """

    no: dict[str, str] = field(default_factory=dict)
    not_now: dict[str, int] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)

    def run(self, environment: Environment, function_name: str, occasion: Mapping[str, Any]) -> HookAnswer | None:
        """Agree, unless `no` has a reason; None when the hook answers later."""
        self.asked.append((function_name, occasion))
        if self.trouble:
            raise self.trouble.pop()
        if function_name in self.later:
            return None
        if function_name in self.broken:
            return HookAnswer(function_name, "failed", "it failed (KeyError)")
        if left := self.not_now.get(function_name, 0):
            self.not_now[function_name] = left - 1
            return HookAnswer(function_name, "not_now", "a freeze")
        if function_name in self.no:
            return HookAnswer(function_name, "refused", self.no[function_name])
        return HookAnswer(function_name, "allowed", "it agreed")


@dataclass
class FakeTasks:
    """The tasks of releases: each succeeds, unless `answers` has something else.

    `before` happens before a task is permitted, `meanwhile` while it runs.
    """

    answers: list[TaskAnswer | Exception] = field(default_factory=list)
    asked: list[tuple[str, str, Mapping[str, Any], int]] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    before: Callable[[], object] = lambda: None

    def run(  # noqa: PLR0913, PLR0917 - as the port has it
        self,
        environment: Environment,
        component: str,
        revision: Revision,
        event: Mapping[str, Any],
        limit: int,
        may_begin: Callable[[], object],
    ) -> TaskAnswer:
        """Record the component, its revision, the event and the limit, if it may begin; answer."""
        self.before()
        may_begin()
        self.asked.append((component, revision.id, event, limit))
        self.meanwhile()
        answer = self.answers.pop(0) if self.answers else TaskAnswer("succeeded", "it succeeded")
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class FakeRehearsals:
    """Records the started rehearsals; with `trouble`, no rehearsal can be started."""

    started: list[str] = field(default_factory=list)
    trouble: Exception | None = None

    def start(self, deployment_id: str) -> None:
        """Record the deployment."""
        if self.trouble:
            raise self.trouble
        self.started.append(deployment_id)


@dataclass
class FakeMarkers:
    """The marks on the graphs: deployment id and phase."""

    made: list[tuple[str, Phase]] = field(default_factory=list)

    def mark(self, deployment: Deployment, phase: Phase, at: datetime) -> None:
        """Record the mark."""
        self.made.append((deployment.deployment_id, phase))


@dataclass
class FakeAlarms:
    """Alarms and their states; if `unreadable` is set, it is raised instead."""

    known: dict[str, str] = field(default_factory=dict)
    unreadable: Exception | None = None
    until: dict[str, datetime] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)

    def reaction(self, names: Sequence[str]) -> timedelta:
        """One period of a minute."""
        return timedelta(minutes=1)

    def reason(self, name: str) -> StateReason:
        """As `until`, `since` and `why` say."""
        return StateReason(self.why.get(name, ""), self.until.get(name), self.since.get(name))

    def states(self, names: Sequence[str]) -> Mapping[str, str]:
        """The states of the alarms that exist."""
        if self.unreadable:
            raise self.unreadable
        return {name: self.known[name] for name in names if name in self.known}


@dataclass
class FakeWorkflows:
    """The running executions, and the answers to waiting tasks by token."""

    running: set[str] = field(default_factory=set)
    answers: dict[str, Mapping[str, Any] | str] = field(default_factory=dict)
    rollbacks: dict[str, str] = field(default_factory=dict)
    trouble: Exception | None = None

    def succeed(self, task_token: str, output: Mapping[str, Any]) -> bool:
        """Answer the task, unless it has an answer."""
        assert task_token, "AWS refuses an empty token"
        return self.answers.setdefault(task_token, output) is output

    def fail(self, task_token: str, reason: str) -> bool:
        """Answer the task, unless it has an answer."""
        assert task_token, "AWS refuses an empty token"
        return self.answers.setdefault(task_token, reason) is reason

    def is_running(self, execution_arn: str) -> bool:
        """Whether the execution is in `running`."""
        return execution_arn in self.running

    def stop(self, execution_arn: str, reason: str) -> None:
        """Take the execution out of `running`."""
        self.running.discard(execution_arn)

    def start_rollback(self, deployment_id: str, reason: str, name: str, *, by: str = "reconciler") -> None:
        """Record the rollback, unless there is `trouble`; one name starts one rollback only."""
        if self.trouble:
            raise self.trouble
        self.rollbacks.setdefault(name, deployment_id)


@dataclass
class FakeNotifications:
    """The notifications that were sent: deployment id and phase."""

    sent: list[tuple[str, Phase]] = field(default_factory=list)

    def send(self, deployment: Deployment) -> None:
        """Record the notification."""
        self.sent.append((deployment.deployment_id, deployment.phase))


@dataclass
class FakeWorld(World):
    """Everything that the flow may use."""

    clock: FakeClock = field(default_factory=FakeClock)
    environments: FakeEnvironments = field(default_factory=FakeEnvironments)
    deployments: FakeDeployments = field(default_factory=FakeDeployments)
    evaluations: FakeEvaluations = field(default_factory=FakeEvaluations)
    locks: FakeLocks = field(init=False)
    versions: FakeVersions = field(default_factory=FakeVersions)
    guards: FakeGuards = field(default_factory=FakeGuards)
    components: FakeComponents = field(default_factory=FakeComponents)
    budget: FakeBudget = field(default_factory=FakeBudget)
    exports: FakeExports = field(default_factory=FakeExports)
    restore_points: FakeRestorePoints = field(default_factory=FakeRestorePoints)
    databases: FakeDatabases = field(default_factory=FakeDatabases)
    secrets: FakeSecrets = field(default_factory=FakeSecrets)
    probe: FakeProbe = field(default_factory=FakeProbe)
    hooks: FakeHooks = field(default_factory=FakeHooks)
    inbox: FakeInbox = field(default_factory=FakeInbox)
    tasks: FakeTasks = field(default_factory=FakeTasks)
    rehearsals: FakeRehearsals = field(default_factory=FakeRehearsals)
    metrics: FakeMetrics = field(default_factory=FakeMetrics)
    markers: FakeMarkers = field(default_factory=FakeMarkers)
    alarms: FakeAlarms = field(default_factory=FakeAlarms)
    workflows: FakeWorkflows = field(default_factory=FakeWorkflows)
    notifications: FakeNotifications = field(default_factory=FakeNotifications)

    bundles: FakeBundles = field(init=False)

    def __post_init__(self) -> None:
        self.bundles = FakeBundles(self.clock)
        self.locks = FakeLocks(self.deployments, self.versions)

    @property
    def open_deployments(self) -> FakeDeployments:
        """The ledger."""
        return self.deployments
