"""The kind `site`: static files behind CloudFront."""
# ruff: noqa: PLC0415 - each operation is imported when it is needed

from collections.abc import Sequence

from controller.domain.components.site.artifact import SiteArtifact
from controller.domain.components.site.target import SiteTarget
from selfright.components.examined import Examination, Examining
from selfright.components.kind import Kind, Planning, Recovering
from selfright.components.planned import ComponentPlan
from selfright.components.recovered import Recovery
from selfright.packing.packing import Packed, Packing


class SiteKind(Kind[SiteArtifact, SiteTarget]):
    """Files that are packed with an index, compared by the index, and uploaded again."""

    def pack(self, packing: Packing, artifact: SiteArtifact) -> Packed:
        """Add the files and an index of them."""
        from selfright.components.site.pack import pack_site

        return pack_site(packing, artifact)

    def plan(
        self, planning: Planning, target: SiteTarget, known: ComponentPlan, artifact: SiteArtifact
    ) -> ComponentPlan:
        """Compare the two indexes."""
        from selfright.components.site.plan import plan_site

        return plan_site(planning, target, known, artifact)

    def examine(self, examining: Examining, target: SiteTarget) -> Sequence[Examination]:
        """Its state in AWS, as a release needs it."""
        from selfright.components.site.examine import SiteExaminer

        return SiteExaminer(examining, target).examinations()

    def recoveries(self, recovering: Recovering, target: SiteTarget) -> Sequence[Recovery]:
        """Recover the files of its revision, then the routing function."""
        from selfright.components.site.recover import SiteRecovery

        return [SiteRecovery(recovering.clients, recovering.name, target, recovering.entry, recovering.document)]


KIND = SiteKind("site")
