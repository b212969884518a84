"""A repository of Amazon ECR, by ECR's own API alone: no Docker, no registry protocol, no password.

A tag of ours is an image's digest and the function that it was pushed for. So it never moves to another image, two
functions can share a repository, and taking away the tag of the one leaves the image to the other: ECR deletes an image
with its last tag.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.domain.components.image.documents import MANIFESTS, Descriptor
from controller.errors import AwsError, TransientError

AT_ONCE = 100
"""How many layers or images ECR takes in one call."""
LEAST_PART, LARGEST_PART = 5 * 1024 * 1024, 20 * 1024 * 1024
"""Bytes of a part of a layer, but for the last one: ECR's limits."""
_NAME_LENGTH = 63
"""What a tag (128 characters) has room for after a digest and a dot."""
_PASSING = {"LayersNotFoundException", "UploadNotFoundException", "InvalidLayerPartException"}
"""The upload or a layer has gone in between: beginning again puts it right."""


class Repository:
    """One repository, as the owner of these tags sees it."""

    def __init__(self, clients: Clients, name: str, function_name: str) -> None:
        """`name` is the repository's; the images are pushed for `function_name` (or its ARN)."""
        self._ecr = clients.registry
        self.name, self._owner = name, _owner(function_name)

    def uri(self) -> str:
        """The address to which a digest is added; raises `NotFoundError` when there is no such repository."""
        with self._calling("DescribeRepositories"):
            found = self._ecr.describe_repositories(repositoryNames=[self.name])["repositories"]
        return str(found[0]["repositoryUri"])

    def has(self, digest: str) -> bool:
        """Whether the whole image is there under our tag: ECR takes a manifest only after all its layers."""
        with self._calling("BatchGetImage"):
            answer = self._ecr.batch_get_image(
                repositoryName=self.name,
                imageIds=[{"imageTag": self.tag(digest)}],
                acceptedMediaTypes=sorted(MANIFESTS),
            )
        return any(image["imageId"].get("imageDigest") == digest for image in answer["images"])

    def missing(self, blobs: Sequence[Descriptor]) -> list[Descriptor]:
        """Those of these blobs that have to be uploaded."""
        there: set[str] = set()
        for some in _chunks([blob.digest for blob in blobs]):
            with self._calling("BatchCheckLayerAvailability"):
                answer = self._ecr.batch_check_layer_availability(repositoryName=self.name, layerDigests=some)
            there |= {one["layerDigest"] for one in answer["layers"] if one["layerAvailability"] == "AVAILABLE"}
        return [blob for blob in blobs if blob.digest not in there]

    def begin(self) -> tuple[str, int]:
        """Begin the upload of a layer: its id, and how many bytes a part may have.

        An upload that is never completed costs nothing, cannot be seen, and is forgotten by ECR.
        """
        with self._calling("InitiateLayerUpload"):
            answer = self._ecr.initiate_layer_upload(repositoryName=self.name)
        return answer["uploadId"], min(max(answer["partSize"], LEAST_PART), LARGEST_PART)

    def add(self, upload_id: str, first: int, part: bytes) -> None:
        """Upload the part of a layer that begins at the byte `first`; parts come in order, without gaps."""
        last = first + len(part) - 1
        try:
            with self._calling("UploadLayerPart"):
                self._ecr.upload_layer_part(
                    repositoryName=self.name,
                    uploadId=upload_id,
                    partFirstByte=first,
                    partLastByte=last,
                    layerPartBlob=part,
                )
        except TransientError as error:
            if not _has_arrived(error, last):
                raise

    def complete(self, upload_id: str, digest: str) -> None:
        """End the upload; ECR compares the digest. Harmless when somebody else has uploaded the same layer."""
        with self._calling("CompleteLayerUpload", "LayerAlreadyExistsException"):
            self._ecr.complete_layer_upload(repositoryName=self.name, uploadId=upload_id, layerDigests=[digest])

    def put(self, manifest: str, media_type: str, digest: str) -> None:
        """Make the image of its layers, under our tag; harmless when it is there."""
        tag = self.tag(digest)
        try:
            with self._calling("PutImage", "ImageAlreadyExistsException"):
                self._ecr.put_image(
                    repositoryName=self.name,
                    imageManifest=manifest,
                    imageManifestMediaType=media_type,
                    imageTag=tag,
                    imageDigest=digest,
                )
        except AwsError as error:
            if error.code != "ImageTagAlreadyExistsException":
                raise
            reason = f"the tag {tag} in {self.name} is on another image: somebody else has set it"
            raise AwsError(f"{reason}. Delete that tag, then release again.", code=error.code) from error

    def ours(self) -> dict[str, str]:
        """Tag → digest (hex) of all images that were pushed for this function."""
        found: dict[str, str] = {}
        pages = self._ecr.get_paginator("list_images")
        with self._calling("ListImages"):
            for page in pages.paginate(repositoryName=self.name, filter={"tagStatus": "TAGGED"}):
                for one in page["imageIds"]:
                    sha256 = one["imageDigest"].removeprefix("sha256:")
                    if one.get("imageTag") == self.tag(sha256):
                        found[one["imageTag"]] = sha256
        return found

    def delete(self, tags: Iterable[str]) -> int:
        """Take these tags away, and with them the images that have no other; how many went."""
        gone = 0
        for some in _chunks(sorted(tags)):
            with self._calling("BatchDeleteImage"):
                answer = self._ecr.batch_delete_image(
                    repositoryName=self.name, imageIds=[{"imageTag": tag} for tag in some]
                )
            gone += len(answer["imageIds"])
            _refuse_failures(answer["failures"], self.name)
        return gone

    def tag(self, digest: str) -> str:
        """Our tag for an image."""
        return f"{digest.removeprefix('sha256:')}.{self._owner}"

    @contextmanager
    def _calling(self, operation: str, harmless: str = "") -> Iterator[None]:
        """As `calling`; what passes when a push begins again is transient, and `harmless` is no error."""
        try:
            with calling(f"ecr:{operation}", self.name):
                yield
        except AwsError as error:
            if error.code in _PASSING:
                raise TransientError(f"{error} The push begins again.", code=error.code) from error.__cause__
            if error.code != harmless:
                raise


def _owner(function_name: str) -> str:
    """The function's name for tags, its end replaced by a hash when it is as long as names can be."""
    name = function_name.rpartition(":")[2]
    short = hashlib.sha256(name.encode()).hexdigest()[:12]
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 13]}-{short}"


def _has_arrived(error: TransientError, last: int) -> bool:
    """Whether a part was refused only because it is there: the answer to the first attempt was lost."""
    cause = error.__cause__
    answer: dict[str, Any] = dict(cause.response) if isinstance(cause, ClientError) else {}
    return error.code == "InvalidLayerPartException" and answer.get("lastValidByteReceived") == last


def _refuse_failures(failures: Iterable[Mapping[str, Any]], name: str) -> None:
    """What is gone already, or belongs to somebody's index of images, is no failure."""
    for failure in failures:
        if (code := failure.get("failureCode", "")) not in {"ImageNotFound", "ImageReferencedByManifestList"}:
            raise AwsError(f"ecr:BatchDeleteImage on {name}: {code}. Look at the repository's images.", code=code)


def _chunks(all_of: Sequence[str]) -> Iterator[list[str]]:
    return (list(all_of[start : start + AT_ONCE]) for start in range(0, len(all_of), AT_ONCE))
