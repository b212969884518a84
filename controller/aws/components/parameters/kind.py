"""The kind `parameters` on AWS."""
# ruff: noqa: PLC0415 - each adapter is imported when it is first needed

from collections.abc import Mapping
from typing import Any

from controller.aws.components.kind import AwsKind, Tools
from controller.domain.components.parameters.target import ParametersTarget
from controller.domain.deployment import Revision
from controller.ports.components import Component


class ParametersKind(AwsKind[ParametersTarget]):
    """Settings in SSM."""

    def component(self, target: ParametersTarget, name: str, tools: Tools) -> Component:
        """The revisions, and the pointer to the one that the application reads."""
        from controller.aws.components.parameters.component import ParametersComponent

        return ParametersComponent(target, name, tools.clients)

    def export(self, target: ParametersTarget, revision: Revision, tools: Tools) -> Mapping[str, Any]:
        """Names and values."""
        from controller.aws.components.parameters.export import ParametersExport

        return ParametersExport(tools.clients, target).of(revision)


KIND = ParametersKind()
