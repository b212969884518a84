"""The code of a function that is recovered, from wherever it is still kept."""

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
    """Implements `function_code.Code`."""

    def __init__(
        self, clients: Clients, bucket: str, entry: PointEntry, kept: Mapping[str, Any], artifact: LambdaArtifact
    ) -> None:
        """`kept` is what the restore point says of the code; `artifact` the configuration that belongs to it."""
        self._clients, self._bucket = clients, bucket
        self._entry, self._kept = entry, kept
        self.artifact: LambdaArtifact = artifact

    @property
    def sha256(self) -> str:
        """The digest of what was live."""
        return self._entry.digest

    def put(self) -> Mapping[str, Any]:
        """Where it is; the bundle, which is the largest, is opened last."""
        for key in (self._kept.get("key", ""), f"staging/{self.sha256}.zip"):
            if key and self._is_there(key):
                return {"S3Bucket": self._bucket, "S3Key": key}
        if found := self.from_bundle():
            return found
        raise AwsError(f"the code {self.sha256} is kept nowhere any more: release a version that has it.")

    def _is_there(self, key: str) -> bool:
        try:
            with calling("s3:GetObject", f"{self._bucket}/{key}"):
                self._clients.objects.head_object(Bucket=self._bucket, Key=key)
        except NotFoundError:
            return False
        return True

    def from_bundle(self) -> Mapping[str, Any]:
        """Put there anew what the release came with; empty when its bundle is not known, or has not that code."""
        if self._entry.upload is None:
            return {}
        with S3Bundles(self._clients.objects).open(self._entry.upload) as file:
            bundle = BundleArchive(file)
            for artifact in bundle.manifest().components.values():
                code = self.code_in(artifact, bundle)
                with suppress(InvalidBundleError):  # An image for another platform is another component's.
                    if code and code.sha256 == self.sha256:
                        return code.put()
        return {}

    def code_in(self, artifact: Artifact, bundle: Contents) -> Code | None:
        """What there is in an artifact of the bundle, if the function can have it."""
        if not isinstance(artifact, FunctionArtifact):
            return None
        return ZipCode(self._clients, self._bucket, artifact, bundle)
