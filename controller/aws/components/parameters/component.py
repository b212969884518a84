"""The component `parameters`: settings in SSM that belong to the release. A revision is a set that never changes.

The application reads `<prefix>/current`, which names the revision, and then `<prefix>/revisions/<id>/` as a whole: so
it has one consistent set, whenever it looks. A shift or a rollback is one write of `current`.

There is nothing to divide visitors by: whoever reads, reads one set. So the pointer moves at the last step, when
everybody is on the new release: until then a release with bad settings has reached nobody, and the guard of the last
step puts them back. A canary of the code therefore runs with the former settings, and must be able to.
"""

import time
from collections.abc import Callable, Sequence

from controller.aws.client.clients import Clients
from controller.aws.components.parameters.pointer import ParameterPointer
from controller.aws.components.parameters.store import ParameterStore
from controller.domain.checks.check import CheckResult
from controller.domain.checks.verification import AnyCheck
from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents
from controller.domain.components.parameters.artifact import ParametersArtifact
from controller.domain.components.parameters.target import ParametersTarget
from controller.domain.components.parameters.values import Parameters
from controller.domain.deployment import Revision

POLLS, PAUSE = 5, 0.5
"""How often a new revision is looked at, and the seconds in between: SSM may show a moment later what was written."""


class ParametersComponent:
    """Implements `ports.Component`.

    A revision's id stands for names and values, so it is the digest as well. Before the first release it is "".
    """

    def __init__(
        self,
        target: ParametersTarget,
        name: str,
        clients: Clients | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`name` is the component's in the manifest; `sleep` waits between two evaluations."""
        clients = clients or Clients()
        self._name, self._sleep = name, sleep
        self._store = ParameterStore(clients, target.prefix)
        self._pointer = ParameterPointer(clients, target.prefix)

    def current(self) -> Revision:
        """The revision that the application reads; one call."""
        return _revision(self._pointer.live())

    def stage(self, artifact: Artifact, bundle: Contents) -> Revision:
        """Create what is missing of the revision; when all of it is there, only the listing is called."""
        parameters = ParametersArtifact.of(artifact, self._name).read_parameters(bundle)
        self._store.write(parameters.revision, parameters.values)
        return _revision(parameters.revision)

    def check(self, revision: Revision, checks: Sequence[AnyCheck]) -> Sequence[CheckResult]:  # noqa: ARG002 - no requests
        """Read the revision as the application will, and see that it is whole."""
        for _ in range(POLLS - 1):
            if self._is_whole(revision):
                break
            self._sleep(PAUSE)
        whole = self._is_whole(revision)
        detail = "all are there" if whole else "some are missing or were changed by somebody else"
        return [CheckResult(f"parameters of {self._name}", whole, detail)]

    def shift(self, stable: Revision, canary: Revision, weight: int, permit: Callable[[], None]) -> None:
        """The pointer, at weight 100 only: two calls; one before that."""
        self._pointer.shift(stable.id, canary.id, weight, permit)

    def restore(self, stable: Revision, canary: Revision | None) -> None:
        """The pointer on the stable revision."""
        self._pointer.restore(stable.id, canary.id if canary else None)

    def prune(self, keep: Sequence[Revision], count: int) -> int:
        """Delete revisions but for the newest `count`, `keep`, and what the pointer names."""
        revisions = self._store.revisions()
        spared = {*revisions[:count], *(revision.id for revision in keep), self._pointer.live()}
        gone = [revision for revision in revisions if revision not in spared]
        for revision in gone:
            self._store.delete(revision)
        return len(gone)

    def discard(self, revision: Revision) -> bool:
        """Delete the revision's parameters, unless the pointer names it."""
        if revision.id == self._pointer.live() or revision.id not in self._store.revisions():
            return False
        self._store.delete(revision.id)
        return True

    def _is_whole(self, revision: Revision) -> bool:
        return Parameters(self._store.read(revision.id)).revision == revision.id


def _revision(id_: str) -> Revision:
    return Revision(id_, id_)
