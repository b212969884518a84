"""The component `image`: a Lambda function whose code is a container image, deployed like any other function.

The image lies in ECR and is named by its digest, so what a version runs never changes, whatever happens to tags.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, BinaryIO

from controller.aws.client.clients import Clients
from controller.aws.components.function.code import Code, sha256_of
from controller.aws.components.function.component import LambdaComponent
from controller.aws.components.image.push import ImagePush
from controller.aws.components.image.repository import Repository
from controller.domain.bundle.archive import BundleArchive
from controller.domain.bundle.artifacts import Artifact, ImageArtifact
from controller.domain.components.image.layout import Image
from controller.domain.deployment import Revision
from controller.domain.environment import ImageTarget
from controller.errors import AwsError, InvalidBundleError

ARCHITECTURES = {"linux/amd64": "x86_64", "linux/arm64": "arm64"}
"""A platform's name to Lambda."""


class ImageCode:
    """The image for one platform of one layout."""

    def __init__(self, repository: Repository, artifact: ImageArtifact, bundle: BinaryIO, platform: str) -> None:
        """`platform` is the environment's."""
        self._repository, self._platform = repository, platform
        self._archive = BundleArchive(bundle)
        self.artifact: ImageArtifact = artifact

    @cached_property
    def sha256(self) -> str:
        """The digest of the image's manifest, by which Lambda knows it."""
        return self._image.descriptor.sha256

    def put(self) -> Mapping[str, Any]:
        """Push the image, unless it is there."""
        uri = self._repository.uri()
        ImagePush(self._repository, self._archive, self.artifact.artifact).run(self._image)
        return {"ImageUri": f"{uri}@{self._image.descriptor.digest}"}

    @cached_property
    def _image(self) -> Image:
        return self._archive.layout(self.artifact).image_for(self._platform)


class ImageComponent(LambdaComponent):
    """A function whose code is a container image in ECR. A revision's digest is its image's."""

    package = "Image"

    def __init__(
        self,
        target: ImageTarget,
        name: str,
        clients: Clients | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`name` is the component's in the manifest."""
        super().__init__(target, name, clients or Clients(), sleep)
        self._platform, self._repository_name = target.platform, target.repository

    def code(self, artifact: Artifact, bundle: BinaryIO) -> Code:
        """The image for the environment's platform."""
        if not isinstance(artifact, ImageArtifact):
            reason = f"component {self._name} is an image in this environment and a {artifact.kind} in the bundle"
            raise InvalidBundleError(reason)
        return ImageCode(self._repository, artifact, bundle, self._platform)

    def require_fit(self, live: Mapping[str, Any]) -> None:
        """Besides, the function must run on the platform: Lambda itself would tell only when it is called."""
        super().require_fit(live)
        wanted = ARCHITECTURES[self._platform]
        if wanted not in (has := live.get("Architectures", [wanted])):
            reason = f"{self._function} runs on {', '.join(has)}, and its environment says {self._platform}"
            raise AwsError(f"{reason}. Correct `platform` in the environment, or the function's architecture.")

    def prune(self, keep: Sequence[Revision], count: int) -> int:
        """Delete old versions, then the images that no version has any more, `$LATEST` and others' included."""
        gone = super().prune(keep, count)
        if images := self._repository.ours():
            used = {sha256_of(version) for version in self.versions()}
            self._repository.delete(tag for tag, sha256 in images.items() if sha256 not in used)
        return gone

    def discard(self, revision: Revision) -> bool:
        """The version, and then the image, unless a version or `$LATEST` has it: then the next `prune` takes it."""
        gone = super().discard(revision)
        if gone and revision.digest not in {sha256_of(version) for version in self.versions()}:
            self._repository.delete([self._repository.tag(revision.digest)])
        return gone

    @cached_property
    def _repository(self) -> Repository:
        return Repository(self._clients, self._repository_name, self._function)
