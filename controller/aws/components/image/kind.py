"""The kind `image` on AWS."""
# ruff: noqa: PLC0415 - each adapter is imported when it is first needed

from collections.abc import Mapping
from typing import Any

from controller.aws.components.kind import AwsKind, MetricNames, Tools
from controller.domain.components.image.target import ImageTarget
from controller.domain.deployment import Revision
from controller.ports.components import Component


class ImageKind(AwsKind[ImageTarget]):
    """A Lambda function from a container image."""

    def component(self, target: ImageTarget, name: str, tools: Tools) -> Component:
        """The function's alias, its versions, and their images."""
        from controller.aws.components.image.component import ImageComponent

        return ImageComponent(target, name, tools.clients, context=tools.context)

    def export(self, target: ImageTarget, revision: Revision, tools: Tools) -> Mapping[str, Any]:
        """The version's configuration, the address of its image, and its API."""
        from controller.aws.components.function.export import FunctionExport

        return FunctionExport(tools.clients, tools.bucket, target).of(revision)

    def measured(self, target: ImageTarget, version: str) -> MetricNames:
        """The calls of the alias; see `measured_of`."""
        from controller.aws.components.function.measured import measured_of

        return measured_of(target, version)


KIND = ImageKind()
