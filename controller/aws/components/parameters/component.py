"""The component `parameters`: settings in SSM that belong to the release. A revision is a set that never changes.

The application reads `<prefix>/current`, which names the revision, and then all of `<prefix>/revisions/<id>/`. So it
has one consistent set at any time. A shift or a rollback is one write of `current`.

Visitors cannot be divided here, because every reader gets the same set. So the pointer moves at the last step, when all
visitors are on the new release. Until then bad settings are not live, and the guard of the last step restores
the former ones. The canary of the code therefore runs with the former settings, and must work with them.
"""

from collections.abc import Callable, Sequence

from controller import clock
from controller.aws.client.clients import Clients
from controller.aws.components.parameters.pointer import ParameterPointer
from controller.aws.components.parameters.store import ParameterStore
from controller.aws.components.plain import PlainComponent
from controller.aws.components.traffic import MovedByTraffic
from controller.domain.checks.check import CheckResult
from controller.domain.checks.verification import AnyCheck
from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents
from controller.domain.components.parameters.artifact import ParametersArtifact
from controller.domain.components.parameters.target import ParametersTarget
from controller.domain.components.parameters.values import Parameters
from controller.domain.deployment import Revision
from controller.seen_again import seen_again


class ParametersComponent(MovedByTraffic[ParameterPointer], PlainComponent):
    """Implements `ports.Component`.

    A revision's id is made from names and values, so it is the digest as well. Before the first release it is "". A
    shift takes two calls at weight 100, where it moves the pointer, and one at other weights.
    """

    def __init__(
        self,
        target: ParametersTarget,
        name: str,
        clients: Clients | None = None,
        sleep: Callable[[float], None] = clock.sleep,
    ) -> None:
        """`name` is the component's name in the manifest; `sleep` waits between two reads."""
        clients = clients or Clients()
        self._name, self._sleep = name, sleep
        self._store = ParameterStore(clients, target.prefix)
        self._traffic = ParameterPointer(clients, target.prefix)

    def current(self) -> Revision:
        """The revision that the application reads; one call."""
        return _revision(self._traffic.live())

    def stage(self, artifact: Artifact, bundle: Contents) -> Revision:
        """Create the parameters that are missing; when all are there, only the listing is called."""
        parameters = ParametersArtifact.of(artifact, self._name).read_parameters(bundle)
        self._store.write(parameters.revision, parameters.values)
        return _revision(parameters.revision)

    def check(self, revision: Revision, checks: Sequence[AnyCheck]) -> Sequence[CheckResult]:  # noqa: ARG002 - no requests
        """Read the revision as the application will, and check that it is complete."""
        complete = seen_again(lambda: self._is_complete(revision), bool, self._sleep)
        detail = "all are there" if complete else "some are missing or were changed by somebody else"
        return [CheckResult(f"parameters of {self._name}", complete, detail)]

    def has(self, revision: Revision) -> bool:
        """Whether the revision is there and complete; before the first release: yes."""
        return not revision.id or self._is_complete(revision)

    def prune(self, keep: Sequence[Revision], count: int) -> int:
        """Delete revisions except for the newest `count`, `keep`, and the one that the pointer names."""
        revisions = self._store.revisions()
        spared = {*revisions[:count], *(revision.id for revision in keep), self._traffic.live()}
        gone = [revision for revision in revisions if revision not in spared]
        for revision in gone:
            self._store.delete(revision)
        return len(gone)

    def discard(self, revision: Revision) -> bool:
        """Delete the revision's parameters, unless the pointer names it."""
        if revision.id == self._traffic.live() or revision.id not in self._store.revisions():
            return False
        self._store.delete(revision.id)
        return True

    def _is_complete(self, revision: Revision) -> bool:
        return Parameters(self._store.read(revision.id)).revision == revision.id


def _revision(id_: str) -> Revision:
    return Revision(id_, id_)
