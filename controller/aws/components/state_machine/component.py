"""The component `state_machine`: a state machine behind an alias. A revision is a published version.

Its visitors are the executions that are started by the alias. An execution ends on the version with which it began,
whatever happens to the alias or to the version: no release and no rollback ends one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from controller import clock
from controller.aws.client.clients import Clients
from controller.aws.components.plain import PlainComponent
from controller.aws.components.state_machine.alias import MachineAlias
from controller.aws.components.state_machine.versions import FROM_TEMPLATE, MachineVersions
from controller.aws.components.traffic import MovedByTraffic
from controller.domain.checks.check import CheckResult
from controller.domain.checks.verification import AnyCheck
from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents
from controller.domain.components.state_machine.definition import digest_of
from controller.domain.components.state_machine.target import StateMachineTarget
from controller.domain.deployment import Left, Revision
from controller.errors import ChangedByOthersError, NotFoundError
from controller.ports.components import Context, always
from controller.seen_again import seen_again

OTHERS = (
    "its own definition is not as the release has left it, so it was not touched: executions that are started without"
    " the alias follow that"
)


class StateMachineComponent(MovedByTraffic[MachineAlias], PlainComponent):
    """Implements `ports.Component`. A revision's digest is that of its definition.

    Nobody is seen who bypasses the alias: Step Functions does not say who will start an execution, and by what.
    """

    def __init__(
        self,
        target: StateMachineTarget,
        name: str,
        clients: Clients | None = None,
        sleep: Callable[[float], None] = clock.sleep,
        context: Context | None = None,
    ) -> None:
        """`name` is the component's name in the manifest; `sleep` waits between two reads.

        `context` is the deployment for which it is staged, or unstaged.
        """
        clients = clients or Clients()
        self._target, self._name, self._sleep = target, name, sleep
        self._traffic = MachineAlias(clients, target.state_machine_arn, target.alias)
        permit = context.permit if context else always
        self._versions = MachineVersions(clients, target.state_machine_arn, sleep, permit)

    def current(self) -> Revision:
        """The version that the alias leads to; two calls."""
        version = self._live_version()
        return Revision(version, self._versions.digest(version))

    def stage(self, artifact: Artifact, bundle: Contents) -> Revision:
        """Publish a version of this definition; return the live one if it has that and what the template says."""
        text = self._target.written(artifact, self._name, bundle)
        version = seen_again(self._live_version, sleep=self._sleep)
        if not self.is_in(self._versions.described(version), self._versions.described(), text):
            version = self._versions.publish(text)
        return Revision(version, digest_of(text))

    @staticmethod
    def is_in(version: Mapping[str, Any], latest: Mapping[str, Any], text: str) -> bool:
        """Whether a version has this definition, and the role, logging and tracing that the template says now."""
        same = all(version.get(name) == latest.get(name) for name in FROM_TEMPLATE)
        return same and digest_of(version["definition"]) == digest_of(text)

    def check(self, revision: Revision, checks: Sequence[AnyCheck]) -> Sequence[CheckResult]:  # noqa: ARG002 - no requests
        """Whether the version has the definition that was staged; nothing is started."""
        try:
            found = seen_again(lambda: self._versions.digest(revision.id), revision.digest.__eq__, self._sleep)
        except NotFoundError:
            return [CheckResult(f"definition of {self._name}", False, "the version does not exist")]
        detail = "it is as it was staged" if found == revision.digest else "the version has another definition"
        return [CheckResult(f"definition of {self._name}", found == revision.digest, detail)]

    def has(self, revision: Revision) -> bool:
        """Whether the version exists; one call."""
        return self._versions.has(revision.id)

    def prune(self, keep: Sequence[Revision], count: int) -> int:
        """Delete versions that Selfright published, except the newest `count`, `keep`, and those an alias leads to."""
        ours = [version for version in self._versions.numbers() if self._versions.is_ours(version)]
        spared = {*ours[:count], *(revision.id for revision in keep), *self._versions.used()}
        return sum(self._versions.delete(version) for version in ours if version not in spared)

    def unstage(self, artifact: Artifact, bundle: Contents, stable: Revision) -> Left | None:
        """Give the state machine itself stable's definition again, if it has the release's; there is no condition."""
        mine = self._versions.described()["definition"]
        former = self._versions.described(stable.id)["definition"]
        if digest_of(mine) == digest_of(former):
            return None
        if digest_of(mine) != digest_of(self._target.written(artifact, self._name, bundle)):
            return Left(OTHERS)
        self._versions.update(former)
        return None

    def discard(self, revision: Revision) -> bool:
        """Delete the version if Selfright published it and no alias leads to it."""
        if not revision.id.isdigit() or revision.id in self._versions.used() or not self._versions.is_ours(revision.id):
            return False
        return self._versions.delete(revision.id)

    def _live_version(self) -> str:
        state = self._traffic.read()
        if not state.only:
            reason = f"{self._traffic.name} is on {self._traffic.describe(state)}"
            raise ChangedByOthersError(f"{reason}; it must be on one version before a release can begin.")
        return state.only
