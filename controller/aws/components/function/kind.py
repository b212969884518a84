"""The kind `function` on AWS."""
# ruff: noqa: PLC0415 - each adapter is imported when it is first needed

from collections.abc import Mapping
from typing import Any

from controller.aws.components.kind import AwsKind, MetricNames, Tools
from controller.domain.components.function.target import FunctionTarget
from controller.domain.deployment import Revision
from controller.ports.components import Component


class FunctionKind(AwsKind[FunctionTarget]):
    """A Lambda function from a zip."""

    def component(self, target: FunctionTarget, name: str, tools: Tools) -> Component:
        """The function's alias and its versions."""
        from controller.aws.components.function.component import FunctionComponent

        return FunctionComponent(target, name, tools.bucket, tools.clients, context=tools.context)

    def export(self, target: FunctionTarget, revision: Revision, tools: Tools) -> Mapping[str, Any]:
        """The version's configuration, code and API."""
        from controller.aws.components.function.export import FunctionExport

        return FunctionExport(tools.clients, tools.bucket, target).of(revision)

    def measured(self, target: FunctionTarget, version: str) -> MetricNames:
        """The calls of the alias; see `measured_of`."""
        from controller.aws.components.function.measured import measured_of

        return measured_of(target, version)


KIND = FunctionKind()
