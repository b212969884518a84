"""Recovery of a Lambda function whose code is a container image."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from controller.aws.client.clients import Clients
from controller.domain.components.image.artifact import ImageArtifact
from controller.domain.components.image.target import ImageTarget
from selfright.components.function.recover import FunctionRecovery
from selfright.components.image.code import KeptImage
from selfright.components.recovered import PointEntry


class ImageRecovery(FunctionRecovery):
    """Recovers its version and alias like those of every function."""

    def __init__(  # noqa: PLR0913, PLR0917 - a component, its place, and its record
        self,
        clients: Clients,
        bucket: str,
        name: str,
        target: ImageTarget,
        entry: PointEntry,
        document: Mapping[str, Any],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`target` has the repository; the rest is as for every function."""
        super().__init__(clients, bucket, name, target, entry, document, sleep)
        self._image_target = target

    def code(self) -> KeptImage:
        """Its image, from any place that still has it."""
        kept = self._document["code"]
        return KeptImage(self._clients, self._bucket, self._image_target, self._entry, kept, self.artifact())

    def artifact(self) -> ImageArtifact:
        """The live configuration of that time, in the form of a manifest."""
        words = self._document["configuration"].get("ImageConfigResponse", {}).get("ImageConfig", {})
        return ImageArtifact(
            kind="image",
            command=words.get("Command") or None,
            entry_point=words.get("EntryPoint") or None,
            working_directory=words.get("WorkingDirectory") or None,
            **self.configuration(),
        )
