"""The code of a Lambda function. Each form (a zip, a container image) is one small class behind `Code`."""

import base64
import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.domain.components.contents import Contents
from controller.errors import NotFoundError

if TYPE_CHECKING:
    from controller.domain.components.function.artifact import FunctionArtifact, LambdaArtifact

_HEX = re.compile(r"[0-9a-f]{64}")


class Code(Protocol):
    """The code of one artifact, to be loaded into a function."""

    @property
    def artifact(self) -> "LambdaArtifact":
        """The artifact that the code belongs to."""

    @property
    def sha256(self) -> str:
        """The code's digest in hex, which `sha256_of` returns for a version with this code."""

    def put(self) -> Mapping[str, Any]:
        """Upload the code to where Lambda reads it, unless it is there; the arguments for UpdateFunctionCode."""


class ZipCode:
    """A zip in the staging area. Its key is its digest, so it is uploaded once and nothing else can have that key."""

    def __init__(self, clients: Clients, bucket: str, artifact: "FunctionArtifact", bundle: Contents) -> None:
        """`bucket` holds the staging area."""
        self._clients, self._bucket, self._bundle = clients, bucket, bundle
        self.artifact = artifact

    @cached_property
    def sha256(self) -> str:
        """The artifact's digest."""
        return self.artifact.sha256

    def put(self) -> Mapping[str, Any]:
        """Copy the artifact to the staging area. S3 compares the digest while it writes; the copy is streamed."""
        key = f"staging/{self.sha256}.zip"
        try:
            with calling("s3:GetObject", f"{self._bucket}/{key}"):
                self._clients.artifacts.head_object(Bucket=self._bucket, Key=key)
        except NotFoundError:
            digest = base64.b64encode(bytes.fromhex(self.sha256)).decode()
            with self._bundle.stream(self.artifact.artifact) as body, calling("s3:PutObject", key):
                self._clients.artifacts.put_object(Bucket=self._bucket, Key=key, Body=body, ChecksumSHA256=digest)
        return {"S3Bucket": self._bucket, "S3Key": key}


def sha256_of(configuration: Mapping[str, Any]) -> str:
    """The digest (hex) of a version's code: Lambda writes a zip's in base64, an image's in hex."""
    digest = str(configuration["CodeSha256"])
    return digest if _HEX.fullmatch(digest) else base64.b64decode(digest).hex()
