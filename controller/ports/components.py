"""What is released, and where: environments, bundles, their components, and what is kept before that."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Literal, Protocol

from controller.domain.checks.check import CheckResult
from controller.domain.checks.verification import AnyCheck
from controller.domain.components.artifact import Artifact
from controller.domain.components.bypassing import Bypassing
from controller.domain.components.contents import Contents
from controller.domain.components.target import Target
from controller.domain.deployment import Deployment, Left, Pending, Revision, Upload
from controller.domain.environment import Environment
from controller.domain.restore_point import RestorePoint, Snapshot


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


class Inbox(Protocol):
    """The uploads, however their events fared."""

    def uploaded(self, since: datetime, until: datetime) -> Iterable[Upload]:
        """The uploads from one moment to the other, every version of every object."""

    def start(self, upload: Upload, name: str) -> bool:
        """Start the execution that deploys an upload, once for each name; False when there is one of this name."""


class Secrets(Protocol):
    """The application's secrets. Nothing but the names of their keys ever passes through here."""

    def keys(self, environment: Environment, secret_id: str) -> frozenset[str]:
        """The keys of a secret of the environment that have a value.

        Raises `NotFoundError`, `AwsError` when it may not be read, `UnusableSecretError` when it holds no keys.
        """


@dataclass(frozen=True)
class Fence:
    """For which deployment traffic is moved, and which way.

    `token` is the deployment's fencing token. `check` is called between reading a component's state and the conditional
    write, and raises when the deployment may not go this way (any more).
    """

    token: int
    way: Literal["forward", "back"]
    check: Callable[[], object]

    @property
    def seal(self) -> str:
        """What a write leaves behind in the component, so that it differs from all that were meant before."""
        return f"{self.token} {self.way}"


@dataclass(frozen=True)
class Arrival:
    """How far a change of traffic has come, as AWS says.

    `missing` is what has not arrived yet, in words; "" when nothing is known to be missing. `publication` is what the
    component's own address must answer then, for kinds that can show it; see `ports.Probe.publication`.
    """

    missing: str = ""
    publication: str = ""


class Component(Protocol):
    """One deployable part of an application in one environment. Each kind is one class behind this port."""

    def current(self) -> Revision:
        """The revision that all visitors get now; raises `ChangedByOthersError` when traffic is split."""

    def why_indivisible(self, artifact: Artifact, bundle: Contents, live: Revision) -> str:
        """Why AWS could not divide visitors between `live` and what staging this artifact would make; "" when it could.

        It only reads. Raises `RefusedError` when staging it could not lead to a release at all.
        """

    def bypassed_by(self) -> Bypassing:
        """Who calls it past its traffic: they get what is staged as soon as it is.

        For kinds that are `staged_in_place`; `why_indivisible` was called before. It only reads.
        """

    def stage(self, artifact: Artifact, bundle: Contents) -> Revision | Pending:
        """Make the revision of this artifact, without traffic; return the current one when nothing changed.

        The bundle is open, and nothing else reads it meanwhile. `Pending` while AWS is still working: then this is
        called again, until there is a revision.
        """

    def check(self, revision: Revision, checks: Sequence[AnyCheck]) -> Sequence[CheckResult]:
        """Test a staged revision directly, before any visitor gets it."""

    def has(self, revision: Revision) -> bool:
        """Whether this revision, which was live once, still exists."""

    def shift(self, stable: Revision, canary: Revision, weight: int, fence: Fence) -> str | None:
        """Send `weight` percent of the visitors to the canary.

        Raises what `fence.check` raises, and `ChangedByOthersError` when traffic is neither on `stable` nor on
        `canary`. Returns what identifies the state that it left, for `Revision.mark`, if `restore` can use that.
        """

    def restore(self, stable: Revision, canary: Revision | None, fence: Fence) -> Pending | Left | None:
        """Send all visitors to `stable`, now; raises as `shift` does.

        It writes even if all visitors are on `stable`, unless the fence's seal is there: after that, no write
        of a shift that was still on its way can succeed. `canary.mark` may replace reading: it was read
        together with the fact that the deployment goes back. `Pending`, only of kinds that take long, when it
        is not done yet: then this is called again. `Left` when it is done, but something of the release must
        not be deleted.
        """

    def arrival(self, stable: Revision, canary: Revision, weight: int, checks: Sequence[AnyCheck]) -> Arrival:
        """How far the change to this weight, which was written before, has come; it changes nothing.

        `checks` are those of the release that all visitors get then: their requests may be made, if they only read.
        """

    def unstage(self, artifact: Artifact, bundle: Contents, stable: Revision) -> Pending | Left | None:
        """Undo what staging this artifact left where callers meet it that do not come by the component's traffic.

        For kinds that are `staged_in_place`; visitors are on `stable` again when this is called. It moves no traffic.
        `Pending` while AWS is still working: then this is called again. `Left` when somebody else has changed it since:
        that stays.
        """

    def discard(self, revision: Revision) -> bool:
        """Delete what `stage` made of a revision that no release keeps; False when there was nothing to delete.

        Never deletes what visitors get or another revision uses. Staging the same artifact afterwards makes it anew.
        Doing it twice is harmless.
        """

    def prune(self, keep: Sequence[Revision], count: int) -> int:
        """Delete our old revisions except `keep`, what is live, and the newest `count`; returns how many."""


@dataclass(frozen=True)
class Context:
    """The deployment for which a component is changed.

    Kinds that take long mark their work with its id, to recognise it when they are asked again. `permit` raises when
    the deployment may not go forward (any more); or, for unstaging, when it does not go back.
    """

    deployment: Deployment
    permit: Callable[[], object]


def always() -> None:
    """The permit of whoever acts for no deployment."""


class Components(Protocol):
    """Makes the component of a name in an environment."""

    def get(
        self, environment: Environment, name: str, *, urgent: bool = False, context: Context | None = None
    ) -> Component:
        """The component; raises `NotFoundError` when the environment has none of that name.

        `urgent`: for restoring, where calls to AWS bypass the rate limit. Staging and restoring need the `context` of
        their deployment; reading needs none.
        """

    def make_ready(self, environment: Environment) -> None:
        """Get ready now what moving traffic there needs, so that it costs no time when an alarm fires."""


class Budget(Protocol):
    """The requests to AWS Lambda's control plane, of which the whole account has few a second."""

    def take(self) -> None:
        """Take one to go forward, waiting for it if need be; raises `TransientError` when that takes too long."""

    def give_way(self, requests: int) -> None:
        """Hold back all deployments that go forward, in all environments, while a rollback makes so many requests."""


class Exports(Protocol):
    """The configuration of what is live, for the restore point."""

    def of(self, environment: Environment, name: str, revision: Revision) -> Mapping[str, Any]:
        """All that is needed to make this component's revision anew, as JSON; never a secret's value.

        Raises `NotFoundError` when something does not exist, `AwsError` when it cannot be read.
        """


class RestorePoints(Protocol):
    """The exported restore points, in the artifacts bucket."""

    def keep(self, point: RestorePoint) -> str:
        """Write its parts and then its manifest; returns the manifest's SHA-256 in hex. The same again is harmless."""


class Databases(Protocol):
    """An application's databases, which no bundle contains: snapshots are taken and deleted, nothing else."""

    def snapshot(self, environment: Environment, target: Target, deployment_id: str) -> Snapshot:
        """Begin the deployment's snapshot, once, or read its state.

        Raises `NotFoundError` when there is no such database, `AwsError` when that is not permitted.
        """

    def prune(self, environment: Environment, target: Target, keep: Collection[str]) -> int:
        """Delete our old snapshots except `keep` and as many as the target keeps; returns how many."""
