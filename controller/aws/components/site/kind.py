"""The kind `site` on AWS."""
# ruff: noqa: PLC0415 - each adapter is imported when it is first needed

from collections.abc import Mapping
from typing import Any

from controller.aws.components.kind import AwsKind, Tools
from controller.domain.components.site.target import SiteTarget
from controller.domain.deployment import Revision
from controller.ports.components import Component


class SiteKind(AwsKind[SiteTarget]):
    """Files in a bucket behind CloudFront."""

    def component(self, target: SiteTarget, name: str, tools: Tools) -> Component:
        """The bucket's revisions, and the routing function."""
        from controller.aws.components.site.component import SiteComponent

        return SiteComponent(target, name, tools.clients)

    def export(self, target: SiteTarget, revision: Revision, tools: Tools) -> Mapping[str, Any]:
        """The routing function, the index, and the distribution."""
        from controller.aws.components.site.export import SiteExport

        return SiteExport(tools.clients, target).of(revision)


KIND = SiteKind()
