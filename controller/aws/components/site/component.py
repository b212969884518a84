"""The component `site`: files in a bucket behind CloudFront. A revision is a folder; a routing table names it."""

from collections.abc import Sequence

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.plain import PlainComponent
from controller.aws.components.site.files import SiteFiles
from controller.aws.components.site.pruning import discard, prune
from controller.aws.components.site.routing import SiteTraffic, index_key
from controller.aws.components.site.testing import SiteChecks
from controller.aws.components.traffic import MovedByTraffic
from controller.domain.checks.check import CheckResult
from controller.domain.checks.verification import AnyCheck
from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents
from controller.domain.components.site.target import SiteTarget
from controller.domain.deployment import Pending, Revision
from controller.errors import ChangedByOthersError
from controller.ports.components import Arrival

DEPLOYING, PATIENCE = "CloudFront is still deploying a change that somebody made to the distribution", 30 * 60
"""Seconds. CloudFront takes some minutes."""


class SiteComponent(MovedByTraffic[SiteTraffic], PlainComponent):
    """Implements `ports.Component`.

    A shift publishes a routing table: four calls, and one for what the function must know of a canary that is new.
    A revision's id depends on its index, and so on all contents; so it is the digest as well.
    Before the first release the revision is "", and CloudFront answers 503.
    """

    def __init__(self, target: SiteTarget, name: str, clients: Clients | None = None) -> None:
        """`name` is the component's name in the manifest."""
        self._clients = clients = clients or Clients()
        self._target, self._name = target, name
        self._files = SiteFiles(clients, target.bucket)
        self._traffic = SiteTraffic(clients, target, self._files)

    def current(self) -> Revision:
        """The revision that the live routing table names; one call."""
        table = self._traffic.live()
        if table.canary:
            reason = f"{self._traffic.name} sends {table.weight} % of the visitors to {table.canary}"
            raise ChangedByOthersError(f"{reason}; all must be on one revision before a release can begin.")
        return _revision(table.stable)

    def stage(self, artifact: Artifact, bundle: Contents) -> Revision | Pending:
        """Upload the missing files; one call when the revision is complete already.

        `Pending` while CloudFront deploys a change of the distribution, because a release could not be judged during
        that. Nothing is uploaded before it ends, so nothing is left behind if it takes too long.
        """
        from controller.aws.components.site.staging import SiteStaging  # noqa: PLC0415 - only to stage
        from controller.domain.components.site.artifact import SiteArtifact  # noqa: PLC0415

        site = SiteArtifact.of(artifact, self._name)
        if self._is_deploying():
            return Pending(DEPLOYING, PATIENCE)
        return _revision(SiteStaging(self._files, site, bundle, self._target.fallback).run())

    def check(self, revision: Revision, checks: Sequence[AnyCheck]) -> Sequence[CheckResult]:
        """Check that every file is there, and make this component's checks against the revision's objects."""
        own = [check for check in checks if check.component == self._name]
        return SiteChecks(self._files, self._name, revision.id, self._target.fallback).run(own)

    def has(self, revision: Revision) -> bool:
        """Whether the revision's index exists, which means that all its files do; before the first release: yes."""
        return not revision.id or self._files.has(index_key(revision.id))

    def arrival(
        self,
        stable: Revision,
        canary: Revision,
        weight: int,
        checks: Sequence[AnyCheck],  # noqa: ARG002 - the routing function itself answers
    ) -> Arrival:
        """Whether the publication is read and its distribution deployed, and what edge locations must answer then."""
        state = self._traffic.read()
        if state.live is None or not self._traffic.is_at(state, stable.id, canary.id, weight):
            return Arrival(f"{self._traffic.name} is read as {self._traffic.describe(state)}")
        deploying = f"the distribution {self._target.distribution_id} is InProgress" if self._is_deploying() else ""
        return Arrival(deploying, state.live.publication)

    def prune(self, keep: Sequence[Revision], count: int) -> int:
        """Delete revisions except for the newest `count`, `keep`, and those that the routing table names."""
        table = self._traffic.live()
        return prune(self._files, {*(revision.id for revision in keep), table.stable, table.canary}, count)

    def discard(self, revision: Revision) -> bool:
        """Delete the revision's folder, and the shared files that only it uses."""
        table = self._traffic.live()
        return revision.id not in {table.stable, table.canary} and discard(self._files, revision.id)

    def _is_deploying(self) -> bool:
        if not (distribution := self._target.distribution_id):
            return False
        with calling("cloudfront:GetDistribution", distribution):
            return self._clients.routing.get_distribution(Id=distribution)["Distribution"]["Status"] == "InProgress"


def _revision(id_: str) -> Revision:
    return Revision(id_, id_)
