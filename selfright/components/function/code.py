"""The code of a recovered function, from any place that still has it."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from controller.aws.bundles import S3Bundles
from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.function.code import Code, ZipCode
from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents
from controller.domain.components.function.artifact import FunctionArtifact, LambdaArtifact
from controller.errors import AwsError, InvalidBundleError, NotFoundError
from selfright.components.recovered import PointEntry


class KeptCode:
    """Implements `code.Code` of the controller."""

    def __init__(
        self, clients: Clients, bucket: str, entry: PointEntry, kept: Mapping[str, Any], artifact: LambdaArtifact
    ) -> None:
        """`kept` is the restore point's record of the code; `artifact` is the configuration that belongs to it."""
        self._clients, self._bucket = clients, bucket
        self._entry, self._kept = entry, kept
        self.artifact: LambdaArtifact = artifact

    @property
    def sha256(self) -> str:
        """The digest of the live code at that time."""
        return self._entry.digest

    def put(self) -> Mapping[str, Any]:
        """The place of the code in S3; the bundle is tried last, because it is the largest."""
        for key in (self._kept.get("key", ""), f"staging/{self.sha256}.zip"):
            if key and self._exists(key):
                return {"S3Bucket": self._bucket, "S3Key": key}
        if found := self.from_bundle():
            return found
        raise AwsError(f"no copy of the code {self.sha256} exists any more: release a version that has it.")

    def _exists(self, key: str) -> bool:
        try:
            with calling("s3:GetObject", f"{self._bucket}/{key}"):
                self._clients.objects.head_object(Bucket=self._bucket, Key=key)
        except NotFoundError:
            return False
        return True

    def from_bundle(self) -> Mapping[str, Any]:
        """Stage the code of the release's bundle again; empty if the bundle is unknown or has other code."""
        if self._entry.upload is None:
            return {}
        with S3Bundles(self._clients.objects).open(self._entry.upload) as file:
            bundle = BundleArchive(file)
            for artifact in bundle.manifest().components.values():
                code = self.code_in(artifact, bundle)
                with suppress(InvalidBundleError):  # An image for another platform belongs to another component.
                    if code and code.sha256 == self.sha256:
                        return code.put()
        return {}

    def code_in(self, artifact: Artifact, bundle: Contents) -> Code | None:
        """The code in an artifact of the bundle; None if the artifact is of another kind."""
        if not isinstance(artifact, FunctionArtifact):
            return None
        return ZipCode(self._clients, self._bucket, artifact, bundle)
