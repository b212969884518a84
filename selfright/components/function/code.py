"""The code of a function that is recovered, from wherever it is still kept."""

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any, BinaryIO

from controller.domain.bundle.artifacts import Artifact, FunctionArtifact, ImageArtifact, LambdaArtifact

from controller.aws.bundles import S3Bundles
from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.function.code import Code, ZipCode
from controller.aws.components.image.component import ImageCode
from controller.aws.components.image.repository import Repository
from controller.domain.bundle.archive import BundleArchive
from controller.domain.environment import ImageTarget, LambdaTarget
from controller.errors import AwsError, InvalidBundleError, NotFoundError
from selfright.recovery.point import Entry


class KeptCode:
    """Implements `function_code.Code`."""

    def __init__(  # noqa: PLR0913, PLR0917 - code, where it may be, and whose it is
        self,
        clients: Clients,
        bucket: str,
        target: LambdaTarget,
        entry: Entry,
        kept: Mapping[str, Any],
        artifact: LambdaArtifact,
    ) -> None:
        """`kept` is what the restore point says of the code; `artifact` the configuration that belongs to it."""
        self._clients, self._bucket, self._target = clients, bucket, target
        self._entry, self._kept = entry, kept
        self.artifact: LambdaArtifact = artifact

    @property
    def sha256(self) -> str:
        """The digest of what was live."""
        return self._entry.digest

    def put(self) -> Mapping[str, Any]:
        """Where it is; the bundle, which is the largest, is opened last."""
        if image := self._kept.get("image"):
            return self._is_pushed() or self._from_bundle() or {"ImageUri": image}
        for key in (self._kept.get("key", ""), f"staging/{self.sha256}.zip"):
            if key and self._is_there(key):
                return {"S3Bucket": self._bucket, "S3Key": key}
        if found := self._from_bundle():
            return found
        raise AwsError(f"the code {self.sha256} is kept nowhere any more: release a version that has it.")

    def _is_pushed(self) -> Mapping[str, Any]:
        """The image, unless it was deleted, with the versions of its time perhaps."""
        there = self._repository is None or self._repository.has(f"sha256:{self.sha256}")
        return {"ImageUri": self._kept["image"]} if there else {}

    def _is_there(self, key: str) -> bool:
        try:
            with calling("s3:GetObject", f"{self._bucket}/{key}"):
                self._clients.objects.head_object(Bucket=self._bucket, Key=key)
        except NotFoundError:
            return False
        return True

    def _from_bundle(self) -> Mapping[str, Any]:
        if self._entry.upload is None:
            return {}
        with S3Bundles(self._clients.objects).open(self._entry.upload) as bundle:
            for artifact in BundleArchive(bundle).manifest().components.values():
                code = self._code(artifact, bundle)
                with suppress(InvalidBundleError):  # An image for another platform is another component's.
                    if code and code.sha256 == self.sha256:
                        return code.put()
        return {}

    def _code(self, artifact: Artifact, bundle: BinaryIO) -> Code | None:
        """What there is in an artifact of the bundle, if a function can have it."""
        if isinstance(artifact, FunctionArtifact):
            return ZipCode(self._clients, self._bucket, artifact, bundle)
        if isinstance(artifact, ImageArtifact) and isinstance(self._target, ImageTarget) and self._repository:
            return ImageCode(self._repository, artifact, bundle, self._target.platform)
        return None

    @cached_property
    def _repository(self) -> Repository | None:
        if not isinstance(self._target, ImageTarget):
            return None
        return Repository(self._clients, self._target.repository, self._target.function_name)
