"""The image of a function that is recovered: from its repository, or from the bundle that it came with."""

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
    """Implements `function_code.Code`."""

    def __init__(  # noqa: PLR0913, PLR0917 - code, where it may be, and whose it is
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
        """Where it is; the bundle, which is the largest, is opened last."""
        return self._is_pushed() or self.from_bundle() or {"ImageUri": self._kept["image"]}

    def code_in(self, artifact: Artifact, bundle: Contents) -> Code | None:
        """The image in an artifact of the bundle, if it is one."""
        if not isinstance(artifact, ImageArtifact):
            return None
        return ImageCode(self._repository, artifact, bundle, self._target.platform)

    def _is_pushed(self) -> Mapping[str, Any]:
        """The image, unless it was deleted, with the versions of its time perhaps."""
        there = self._repository.has(f"sha256:{self.sha256}")
        return {"ImageUri": self._kept["image"]} if there else {}

    @cached_property
    def _repository(self) -> Repository:
        return Repository(self._clients, self._target.repository, self._target.function_name)
