"""The image of a recovered function: from its repository, or from the bundle of its release."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from controller.aws.client.clients import Clients
from controller.aws.components.function.code import Code
from controller.aws.components.image.component import ImageCode
from controller.aws.components.image.repository import Repository
from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents
from controller.domain.components.image.artifact import ImageArtifact
from controller.domain.components.image.target import ImageTarget
from selfright.components.function.code import KeptCode
from selfright.components.recovered import PointEntry


class KeptImage(KeptCode):
    """Implements `code.Code` of the controller."""

    def __init__(  # noqa: PLR0913, PLR0917 - code, its possible places, and its component
        self,
        clients: Clients,
        bucket: str,
        target: ImageTarget,
        entry: PointEntry,
        kept: Mapping[str, Any],
        artifact: ImageArtifact,
    ) -> None:
        """`target` has the repository; the rest is as for every function."""
        super().__init__(clients, bucket, entry, kept, artifact)
        self._target = target

    def put(self) -> Mapping[str, Any]:
        """The place of the image; the bundle is tried last, because it is the largest."""
        return self._in_repository() or self.from_bundle() or {"ImageUri": self._kept["image"]}

    def code_in(self, artifact: Artifact, bundle: Contents) -> Code | None:
        """The image in an artifact of the bundle; None if the artifact is of another kind."""
        if not isinstance(artifact, ImageArtifact):
            return None
        return ImageCode(self._repository, artifact, bundle, self._target.platform)

    def _in_repository(self) -> Mapping[str, Any]:
        """The image in the repository; empty if it was deleted, for example with old versions."""
        exists = self._repository.has(f"sha256:{self.sha256}")
        return {"ImageUri": self._kept["image"]} if exists else {}

    @cached_property
    def _repository(self) -> Repository:
        return Repository(self._clients, self._target.repository, self._target.function_name)
