"""What the flow needs from the world: small protocols that the adapters in `controller.aws` implement."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from controller.domain.checks import CheckResult
from controller.domain.deployment import Deployment, Left, Look, Pending, Revision, TimelineEvent, Upload
from controller.domain.environment import DatabaseTarget, Environment
from controller.domain.measurement import Period, Subject, Thresholds
from controller.domain.phases import Phase
from controller.domain.restore_point import RestorePoint, Snapshot
from controller.domain.turn import Turn
from controller.domain.verification import AnyCheck, OutsideCheck

if TYPE_CHECKING:
    from controller.domain.manifest import Artifact  # with YAML, which most functions never read


class Clock(Protocol):
    """Tells the time; a test moves it by hand."""

    def now(self) -> datetime:
        """The time now, in UTC."""


class Environments(Protocol):
    """The registered environments."""

    def get(self, application: str, environment: str) -> Environment:
        """The environment's configuration; raises `UnknownEnvironmentError`, `InvalidEnvironmentError`."""


class Bundles(Protocol):
    """The uploaded bundles and the staging area for their artifacts."""

    def pin(self, bucket: str, key: str, version_id: str | None) -> Upload:
        """The newest (or the named) version of an uploaded object; raises `NotFoundError`."""

    def open(self, upload: Upload) -> BinaryIO:
        """A seekable reader of exactly that version, with bounded memory; the caller closes it."""


class Deployments(Protocol):
    """The ledger's deployments. Every write is conditional."""

    def create(self, deployment: Deployment) -> bool:
        """Write a new deployment; False when its id is there already (the same upload, delivered again)."""

    def get(self, deployment_id: str) -> Deployment:
        """The deployment as it is now (consistent read); raises `NotFoundError`."""

    def update(  # noqa: PLR0913 - one write has these conditions
        self,
        deployment_id: str,
        changes: Mapping[str, Any],
        *,
        phases: Collection[Phase],
        turn_token: int | None = None,
        untripped: bool = False,
        absent: str | None = None,
    ) -> Deployment:
        """Change the named fields if the deployment is in one of `phases` (and as the other conditions say).

        `turn_token`: only if the deployment holds this fencing token. `untripped`: only if it has no trip. `absent`:
        only if this field is not set yet. A key may be `staged.<component>`. Returns the new state. Raises
        `LedgerConflictError` when a condition does not hold.
        """

    def record(self, deployment_id: str, event: TimelineEvent) -> None:
        """Add a line to the deployment's timeline."""


class Looks(Protocol):
    """What the judge has seen of each deployment: every look, and the state that it carries from one to the next."""

    def state(self, deployment_id: str) -> tuple[str, int]:
        """The judge's state as JSON text and the number of times it was written; `("", 0)` before the first look."""

    def carry(self, deployment_id: str, state: str, written: int, at: datetime) -> None:
        """Write the state of this moment if it was written `written` times so far; raises `LedgerConflictError`."""

    def record(self, deployment_id: str, look: Look) -> None:
        """Keep a look; one of the same moment stays as it is."""

    def all(self, deployment_id: str) -> Sequence[Look]:
        """Every look at a deployment, in order."""


class OpenDeployments(Protocol):
    """The deployments that are on their way or still owe a notice: what the reconciler looks after."""

    def open(self) -> Iterable[str]:
        """The ids of the deployments that are not terminal or whose notice is pending."""


class Turns(Protocol):
    """Whose turn it is in an environment."""

    def load(self, environment_key: str) -> Turn:
        """The turn as it is now; an empty one for a new environment."""

    def save(self, turn: Turn) -> None:
        """Write a changed turn if nobody changed it since it was loaded; raises `LedgerConflictError`."""


class Versions(Protocol):
    """What became of each version of an application in an environment."""

    def fate(self, environment_key: str, version: str) -> "tuple[str, Phase] | None":
        """The digest and the last terminal phase of this version here, or None if it was never deployed."""

    def remember(self, deployment: Deployment, phase: Phase) -> None:
        """Note how the deployment of this version ended."""


class Guards(Protocol):
    """Which deployments an alarm guards."""

    def open(self, deployment_id: str, alarms: Iterable[str]) -> None:
        """Let these alarms guard the deployment until `close`."""

    def guarded_by(self, alarm: str) -> Sequence[str]:
        """The ids of the deployments that this alarm guards now."""

    def close(self, deployment_id: str, alarms: Iterable[str]) -> None:
        """End the guarding; harmless when it has ended."""


class Component(Protocol):
    """One deployable part of an application in one environment. Each kind is one class behind this port."""

    def current(self) -> Revision:
        """The revision that all visitors get now; raises `ChangedByOthersError` when traffic is split."""

    def stage(self, artifact: "Artifact", bundle: BinaryIO) -> Revision | Pending:
        """Make the revision of this artifact, without traffic. The current one when nothing changed.

        `Pending` when AWS is still at it: then it is called again, until there is a revision.
        """

    def check(self, revision: Revision, checks: Sequence[AnyCheck]) -> Sequence[CheckResult]:
        """Test a staged revision directly, before any visitor gets it."""

    def shift(self, stable: Revision, canary: Revision, weight: int, permit: Callable[[], None]) -> str | None:
        """Send `weight` percent of the visitors to the canary.

        `permit` is called between reading the present state and the conditional write, and raises when the deployment
        may not go on. Raises `ChangedByOthersError` when traffic is neither on `stable` nor on `canary`. Returns what
        identifies the state that it left, for `Revision.mark`, if `restore` can make use of that.
        """

    def restore(self, stable: Revision, canary: Revision | None) -> Pending | Left | None:
        """Send all visitors to `stable`, now; raises `ChangedByOthersError` as `shift` does.

        `Pending`, only of kinds that take long, when it is not done yet: then it is called again. `Left` when it is
        done, but for something that must not be taken away.
        """

    def discard(self, revision: Revision) -> bool:
        """Take away what `stage` made of a revision that no release keeps; False when there was nothing to take.

        Never what visitors get, and nothing that another revision uses. Staging the same artifact afterwards makes it
        anew. Doing it twice is harmless.
        """

    def prune(self, keep: Sequence[Revision], count: int) -> int:
        """Take away old revisions of ours but for `keep`, what is live, and the newest `count`; how many went."""


@dataclass(frozen=True)
class Errand:
    """The deployment for which a component is changed.

    Kinds that take long mark by its id what they do, so as to know their own work when they are asked again. `permit`
    raises when the deployment may not go forward (any more).
    """

    deployment: Deployment
    permit: Callable[[], object]


class Components(Protocol):
    """Makes the component of a name in an environment."""

    def get(
        self, environment: Environment, name: str, *, urgent: bool = False, errand: Errand | None = None
    ) -> Component:
        """The component; raises `NotFoundError` when the environment has none of that name.

        `urgent`: on the way back, where calls to AWS are made at once and not when it is their turn. Whoever stages or
        restores says for which deployment (`errand`); whoever only looks needs none.
        """


class Budget(Protocol):
    """The requests to AWS Lambda's control plane, of which the whole account has few a second."""

    def take(self) -> None:
        """Take one to go forward, waiting for it if need be; raises `TransientError` when that takes too long."""

    def give_way(self, requests: int) -> None:
        """Keep everybody from going forward, in all environments, while a rollback makes so many requests."""


class Exports(Protocol):
    """The configuration of what is live, for the restore point."""

    def of(self, environment: Environment, name: str, revision: Revision) -> Mapping[str, Any]:
        """All that is needed to make this component's revision anew, as JSON; never the value of a secret.

        Raises `NotFoundError` when something is not there, `AwsError` when it cannot be read.
        """


class RestorePoints(Protocol):
    """The exported restore points, in the artifacts bucket."""

    def keep(self, point: RestorePoint) -> str:
        """Write its parts and then its manifest; returns the manifest's SHA-256 in hex. The same again is harmless."""


class Databases(Protocol):
    """The databases of an application: snapshots are taken and taken away, nothing else."""

    def snapshot(self, target: DatabaseTarget, deployment_id: str) -> Snapshot:
        """Begin the deployment's snapshot, once, or look how it stands.

        Raises `NotFoundError` when there is no such database, `AwsError` when it may not be done.
        """

    def prune(self, target: DatabaseTarget, keep: Collection[str]) -> int:
        """Take away old snapshots of ours but for `keep` and the newest `keep_snapshots`; how many went."""


class Secrets(Protocol):
    """The application's secrets. Nothing but the names of their keys ever comes through here."""

    def keys(self, secret_id: str) -> frozenset[str]:
        """The keys of a secret that have a value.

        Raises `NotFoundError`, `AwsError` when it may not be read, `UnusableSecretError` when it holds no keys.
        """


class Probe(Protocol):
    """Makes a request from outside, as a visitor would. Private addresses are asked only if `private` says so."""

    def run(
        self, url: str, check: OutsideCheck, others: Sequence[OutsideCheck] = (), *, private: bool = False
    ) -> CheckResult:
        """Request and compare; a failure to connect is a failed check, not an exception.

        The answer passes too if it is what one of `others` (checks with the same request) expects.
        """

    def refusal(self, url: str) -> str:
        """Why a URL would not be asked, as it is not a public one; "" when nothing is known against it."""


class Hooks(Protocol):
    """Functions of the application's own that may say no."""

    def run(self, function_name: str, occasion: Mapping[str, Any]) -> CheckResult | None:
        """Ask a hook; a hook that fails, or says no, is a failed check. None: it will answer later."""


class Rehearsals(Protocol):
    """Keeps the function that acts on alarms ready."""

    def start(self, deployment_id: str) -> None:
        """Have it read all that it would need to put this deployment back, changing nothing and not waited for."""


class Metrics(Protocol):
    """What was measured of versions. Only components whose kind is measured by version are asked for."""

    def thresholds(
        self, environment: Environment, components: Sequence[str], until: datetime
    ) -> Mapping[str, Thresholds]:
        """Component → percentile → milliseconds of what has served in the hours before.

        A percentile of which too little is known is absent, and all are where slow requests cannot be counted.
        """

    def periods(
        self, environment: Environment, subjects: Sequence[Subject], since: datetime, until: datetime
    ) -> Sequence[Period]:
        """Every whole period of every subject between the two moments, with or without data, settled or not."""


class Markers(Protocol):
    """Marks releases on the graphs of an application."""

    def mark(self, deployment: Deployment, phase: Phase, at: datetime) -> None:
        """Note that the deployment came into this phase; it never fails, and marking twice does no harm."""


class Alarms(Protocol):
    """The states of alarms."""

    def states(self, names: Sequence[str]) -> Mapping[str, str]:
        """Name → `OK`, `ALARM` or `INSUFFICIENT_DATA`; a deleted alarm is absent. Raises when it cannot be read."""


class Workflows(Protocol):
    """The executions of the state machines."""

    def succeed(self, task_token: str, output: Mapping[str, Any]) -> bool:
        """Let a waiting task go on; False when nobody waits with this token any more."""

    def fail(self, task_token: str, reason: str) -> bool:
        """Fail a waiting task; False when nobody waits with this token any more."""

    def is_running(self, execution_arn: str) -> bool:
        """Whether the execution is still running; False as well when it cannot be found."""

    def stop(self, execution_arn: str, reason: str) -> None:
        """Stop an execution; harmless when it has ended."""

    def start_rollback(self, deployment_id: str, reason: str, name: str) -> None:
        """Start the rollback machine under this execution name; the same name starts only once."""


class Notices(Protocol):
    """Tells people how a deployment ended."""

    def send(self, deployment: Deployment) -> None:
        """Publish one notice."""
