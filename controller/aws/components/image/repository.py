"""A repository of Amazon ECR, used through ECR's own API alone: no Docker, no registry protocol, no password.

Our tag is made of an image's digest and the function for which it was pushed. So a tag never moves to another image,
two functions can share a repository, and deleting the tag of one function leaves the image to the other: ECR deletes
an image together with its last tag.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.domain.components.image.documents import MANIFESTS, Descriptor
from controller.errors import AwsError, NotFoundError, TransientError

AT_ONCE = 100
"""How many layers or images ECR takes in one call."""
LEAST_PART, LARGEST_PART = 5 * 1024 * 1024, 20 * 1024 * 1024
"""The least and most bytes of a part of a layer, by ECR's limits; the last part may be smaller."""
_NAME_LENGTH = 63
"""The room that a tag (128 characters) has after a digest and a dot."""
MISSING = "RepositoryNotFoundException"
_INTERRUPTED = {"LayersNotFoundException", "UploadNotFoundException", "InvalidLayerPartException"}
"""The upload or a layer has disappeared in the meantime: a new push corrects that."""


class Repository:
    """One repository, with the tags of one function."""

    def __init__(self, clients: Clients, name: str, function_name: str) -> None:
        """`name` is the repository's name; the images are pushed for `function_name` (or its ARN)."""
        self._ecr = clients.registry
        self.name, self._owner = name, _owner(function_name)

    def uri(self) -> str:
        """The address that comes before an image's digest; raises `NotFoundError` when there is no such repository."""
        with self._calling("DescribeRepositories"):
            found = self._ecr.describe_repositories(repositoryNames=[self.name])["repositories"]
        return str(found[0]["repositoryUri"])

    def has(self, digest: str) -> bool:
        """Whether the complete image is there under our tag: ECR takes a manifest only after all its layers."""
        with self._calling("BatchGetImage"):
            answer = self._ecr.batch_get_image(
                repositoryName=self.name,
                imageIds=[{"imageTag": self.tag(digest)}],
                acceptedMediaTypes=sorted(MANIFESTS),
            )
        return any(image["imageId"].get("imageDigest") == digest for image in answer["images"])

    def missing(self, blobs: Sequence[Descriptor]) -> list[Descriptor]:
        """The blobs that the repository does not have."""
        there: set[str] = set()
        for some in _chunks([blob.digest for blob in blobs]):
            with self._calling("BatchCheckLayerAvailability"):
                answer = self._ecr.batch_check_layer_availability(repositoryName=self.name, layerDigests=some)
            there |= {one["layerDigest"] for one in answer["layers"] if one["layerAvailability"] == "AVAILABLE"}
        return [blob for blob in blobs if blob.digest not in there]

    def begin(self) -> tuple[str, int]:
        """Begin the upload of a layer; returns the upload's id, and how many bytes a part may have.

        An upload that is never completed costs nothing, is not visible, and ECR deletes it.
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
            if not _is_received(error, last):
                raise

    def complete(self, upload_id: str, digest: str) -> None:
        """Complete the upload; ECR verifies the digest. Harmless when another push has uploaded the same layer."""
        with self._calling("CompleteLayerUpload", "LayerAlreadyExistsException"):
            self._ecr.complete_layer_upload(repositoryName=self.name, uploadId=upload_id, layerDigests=[digest])

    def put(self, manifest: str, media_type: str, digest: str) -> None:
        """Make the image from its layers, under our tag; harmless when it is there."""
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
        """Delete these tags, and with them the images that have no other tag; returns how many tags were deleted."""
        gone = 0
        for some in _chunks(sorted(tags)):
            with self._calling("BatchDeleteImage"):
                answer = self._ecr.batch_delete_image(
                    repositoryName=self.name, imageIds=[{"imageTag": tag} for tag in some]
                )
            gone += len(answer["imageIds"])
            _raise_failures(answer["failures"], self.name)
        return gone

    def tag(self, digest: str) -> str:
        """Our tag for an image."""
        return f"{digest.removeprefix('sha256:')}.{self._owner}"

    @contextmanager
    def _calling(self, operation: str, harmless: str = "") -> Iterator[None]:
        """Like `calling`, but errors that a new push corrects are transient, and the code `harmless` is no error.

        A repository that is missing is said in the same words, whichever call finds it.
        """
        try:
            with calling(f"ecr:{operation}", self.name):
                yield
        except NotFoundError as error:
            if MISSING not in str(error):
                raise
            step = "Correct `repository` in the environment, or create it"
            raise NotFoundError(f"ECR has no repository {self.name} ({MISSING}). {step}.") from error
        except AwsError as error:
            if error.code in _INTERRUPTED:
                raise TransientError(f"{error} The push begins again.", code=error.code) from error.__cause__
            if error.code != harmless:
                raise


def _owner(function_name: str) -> str:
    """The function's name for tags; the end of a name that is too long is replaced by a hash."""
    name = function_name.rpartition(":")[2]
    short = hashlib.sha256(name.encode()).hexdigest()[:12]
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 13]}-{short}"


def _is_received(error: TransientError, last: int) -> bool:
    """Whether ECR refused a part only because it has it: the answer to the first attempt was lost."""
    cause = error.__cause__
    answer: dict[str, Any] = dict(cause.response) if isinstance(cause, ClientError) else {}
    return error.code == "InvalidLayerPartException" and answer.get("lastValidByteReceived") == last


def _raise_failures(failures: Iterable[Mapping[str, Any]], name: str) -> None:
    """Raise `AwsError` for a failure. Images that are gone or belong to an image index are no failures."""
    for failure in failures:
        if (code := failure.get("failureCode", "")) not in {"ImageNotFound", "ImageReferencedByManifestList"}:
            raise AwsError(f"ecr:BatchDeleteImage on {name}: {code}. Look at the repository's images.", code=code)


def _chunks(all_of: Sequence[str]) -> Iterator[list[str]]:
    return (list(all_of[start : start + AT_ONCE]) for start in range(0, len(all_of), AT_ONCE))
