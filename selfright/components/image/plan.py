"""A container image, compared with the live one."""

from collections.abc import Mapping
from typing import Any

from controller.aws.components.image.repository import Repository
from controller.domain.components.image.artifact import ImageArtifact
from controller.domain.components.image.rules import MAX_UNPACKED
from controller.domain.components.image.target import ImageTarget
from selfright.components.function.plan import FunctionPlanner
from selfright.components.kind import Planning
from selfright.components.planned import Package, Transfer


class ImagePlanner(FunctionPlanner):
    """Compares a function whose code is an image; its configuration is compared like that of every function."""

    def __init__(self, planning: Planning, target: ImageTarget, artifact: ImageArtifact) -> None:
        """`target` has the repository and the platform."""
        super().__init__(planning, target, artifact)
        self._image, self._image_target = artifact, target

    def sizes(self, live: Mapping[str, Any], *, same_code: bool) -> tuple[Package, Transfer]:  # noqa: ARG002
        """The layers and what of them must be pushed; ECR is asked only if the image has changed."""
        image = self._image.read_layout(self._planning.bundle).image_for(self._image_target.platform)
        layers, blobs = image.manifest.layers, image.manifest.blobs
        repository = Repository(self._planning.clients, self._image_target.repository, self._image_target.function_name)
        missing = [] if same_code else repository.missing(blobs)
        transfer = Transfer(
            "layers",
            len([layer for layer in layers if layer in missing]),
            len(layers),
            sum(blob.size for blob in missing),
        )
        return Package(None, sum(layer.size for layer in layers), None, MAX_UNPACKED, same_code), transfer
