"""The kind `stack` on AWS."""
# ruff: noqa: PLC0415 - each adapter is imported when it is first needed

from collections.abc import Mapping
from typing import Any

from controller.aws.components.kind import AwsKind, Tools
from controller.domain.components.stack.target import StackTarget
from controller.domain.deployment import Revision
from controller.ports.components import Component


class StackKind(AwsKind[StackTarget]):
    """A CloudFormation stack."""

    def component(self, target: StackTarget, name: str, tools: Tools) -> Component:
        """The stack, changed by change sets."""
        from controller.aws.components.stack.component import StackComponent

        return StackComponent(target, name, tools.bucket, tools.clients, context=tools.context)

    def export(self, target: StackTarget, revision: Revision, tools: Tools) -> Mapping[str, Any]:
        """The template and the values of its parameters."""
        from controller.aws.components.stack.export import StackExport

        return StackExport(tools.clients, target).of(revision)


KIND = StackKind()
