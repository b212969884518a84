"""The component `image`: a Lambda function whose code is a container image, deployed like any other function.

The image is in ECR and is named by its digest, so what a version runs never changes, whatever happens to tags.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from controller import clock
from controller.aws.client.clients import Clients
from controller.aws.components.function.code import Code, sha256_of
from controller.aws.components.function.component import LambdaComponent
from controller.aws.components.image.push import ImagePush
from controller.aws.components.image.repository import Repository
from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents
from controller.domain.components.image.target import ImageTarget
from controller.domain.deployment import Revision
from controller.errors import AwsError
from controller.ports.components import Context

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import GetFunctionResponseTypeDef

    from controller.domain.components.image.artifact import ImageArtifact
    from controller.domain.components.image.layout import Image

ARCHITECTURES = {"linux/amd64": "x86_64", "linux/arm64": "arm64"}
"""Platform → Lambda's name for it."""


class ImageCode:
    """The image for one platform of one layout."""

    def __init__(self, repository: Repository, artifact: "ImageArtifact", bundle: Contents, platform: str) -> None:
        """`platform` is the environment's."""
        self._repository, self._platform = repository, platform
        self._bundle = bundle
        self.artifact = artifact

    @cached_property
    def sha256(self) -> str:
        """The digest of the image's manifest, by which Lambda knows it."""
        return self._image.descriptor.sha256

    def put(self) -> Mapping[str, Any]:
        """Push the image, unless it is in the repository."""
        uri = self._repository.uri()
        ImagePush(self._repository, self._bundle, self.artifact.artifact).run(self._image)
        return {"ImageUri": f"{uri}@{self._image.descriptor.digest}"}

    @cached_property
    def _image(self) -> "Image":
        return self.artifact.read_layout(self._bundle).image_for(self._platform)


class ImageComponent(LambdaComponent):
    """A function whose code is a container image in ECR. A revision's digest is that of its image."""

    package = "Image"

    def __init__(
        self,
        target: ImageTarget,
        name: str,
        clients: Clients | None = None,
        sleep: Callable[[float], None] = clock.sleep,
        context: Context | None = None,
    ) -> None:
        """The arguments are those of `LambdaComponent`."""
        super().__init__(target, name, clients or Clients(), sleep, context)
        self._platform, self._repository_name = target.platform, target.repository

    def code(self, artifact: Artifact, bundle: Contents) -> Code:
        """The image for the environment's platform."""
        from controller.domain.components.image.artifact import ImageArtifact  # noqa: PLC0415 - only to stage

        return ImageCode(self._repository, ImageArtifact.of(artifact, self._name), bundle, self._platform)

    def kept_code(self, version: "GetFunctionResponseTypeDef") -> Mapping[str, Any]:
        """The image, by its digest."""
        return {"ImageUri": version["Code"].get("ResolvedImageUri") or version["Code"]["ImageUri"]}

    def require_package(self, live: Mapping[str, Any]) -> None:
        """Require the environment's platform as well: Lambda itself would refuse only the invocation."""
        super().require_package(live)
        wanted = ARCHITECTURES[self._platform]
        if wanted not in (has := live.get("Architectures", [wanted])):
            reason = f"{self._function} runs on {', '.join(has)}, and its environment says {self._platform}"
            raise AwsError(f"{reason}. Correct `platform` in the environment, or the function's architecture.")

    def prune(self, keep: Sequence[Revision], count: int) -> int:
        """Delete old versions, then the images that no version uses, including `$LATEST` and versions of others."""
        gone = super().prune(keep, count)
        if images := self._repository.ours():
            used = {sha256_of(version) for version in self.versions()}
            self._repository.delete(tag for tag, sha256 in images.items() if sha256 not in used)
        return gone

    def discard(self, revision: Revision) -> bool:
        """Delete the version, then its image; a later `prune` deletes one that `$LATEST` or a version still uses."""
        gone = super().discard(revision)
        if gone and revision.digest not in {sha256_of(version) for version in self.versions()}:
            self._repository.delete([self._repository.tag(revision.digest)])
        return gone

    @cached_property
    def _repository(self) -> Repository:
        return Repository(self._clients, self._repository_name, self._function)
