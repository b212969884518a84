"""The objects of a site's bucket: listing, reading, writing and deleting them."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cached_property
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.site.quick_puts import QuickPuts
from controller.domain.checks.check import Answer
from controller.domain.components.site.index import FileEntry
from controller.errors import AwsError, NotFoundError, TransientError

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

CLOUDFRONT = "cloudfront.amazonaws.com"
AT_ONCE = 1000
"""DeleteObjects takes at most this many keys."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as a listing describes it."""

    size: int
    etag: str
    modified: datetime

    def is_like(self, file: FileEntry) -> bool:
        """Whether the object surely has the file's contents: the ETag of an unencrypted or SSE-S3 object is its MD5."""
        return (self.size, self.etag) == (file.size, file.md5)


class SiteFiles:
    """The bucket of a site."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._clients, self.bucket = clients, bucket

    @cached_property
    def _quick(self) -> QuickPuts:
        return QuickPuts(self._clients.objects, self.bucket)

    def listing(self, prefix: str) -> dict[str, Stored]:
        """Key → object for every key with this prefix; one call for a thousand keys."""
        found: dict[str, Stored] = {}
        pages = self._clients.objects.get_paginator("list_objects_v2")
        with calling("s3:ListBucket", f"{self.bucket}/{prefix}"):
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
                for one in page.get("Contents", []):
                    found[one["Key"]] = Stored(one["Size"], one["ETag"].strip('"'), one["LastModified"])
        return found

    def read(self, key: str, at_most: int) -> tuple[bytes, Mapping[str, str]]:
        """At most `at_most` bytes of an object, and its metadata; raises `NotFoundError`."""
        with calling("s3:GetObject", f"{self.bucket}/{key}"):
            answer = self._clients.objects.get_object(Bucket=self.bucket, Key=key)
            return answer["Body"].read(at_most), answer["Metadata"]

    def answer(self, key: str, at_most: int) -> Answer:
        """The answer that CloudFront would get: the object with its own headers, or that there is no such object."""
        try:
            with calling("s3:GetObject", f"{self.bucket}/{key}"):
                found = self._clients.objects.get_object(Bucket=self.bucket, Key=key)
                body = found["Body"].read(at_most)
        except NotFoundError:
            return Answer(self._missing)
        headers = {"content-type": found.get("ContentType", ""), "cache-control": found.get("CacheControl", "")}
        return Answer(HTTPStatus.OK, body, {name: value for name, value in headers.items() if value})

    @cached_property
    def _missing(self) -> HTTPStatus:
        """What S3 answers to CloudFront for a key that does not exist: 404 to who may list the bucket, 403 to others.

        Where the bucket's policy cannot be read, or is not what lets CloudFront in, it is taken for 404.
        """
        try:
            with calling("s3:GetBucketPolicy", self.bucket):
                policy = json.loads(self._clients.objects.get_bucket_policy(Bucket=self.bucket)["Policy"])
        except TransientError:
            raise
        except (AwsError, NotFoundError):
            return HTTPStatus.NOT_FOUND
        found = policy.get("Statement", [])
        allowed = {
            action
            for statement in (found if isinstance(found, list) else [found])
            if statement.get("Effect") == "Allow" and CLOUDFRONT in json.dumps(statement.get("Principal"))
            for action in _as_list(statement.get("Action", []))
        }
        may_list = any(fnmatchcase("s3:ListBucket", action) for action in allowed)
        return HTTPStatus.FORBIDDEN if allowed and not may_list else HTTPStatus.NOT_FOUND

    def metadata(self, key: str) -> Mapping[str, str]:
        """An object's metadata; raises `NotFoundError`."""
        with calling("s3:GetObject", f"{self.bucket}/{key}"):
            return self._clients.objects.head_object(Bucket=self.bucket, Key=key)["Metadata"]

    def has(self, key: str) -> bool:
        """Whether there is such an object; one call."""
        try:
            self.metadata(key)
        except NotFoundError:
            return False
        return True

    def sha256(self, key: str) -> str:
        """The SHA-256 (hex) that S3 recorded when the object was written; "" when it recorded none."""
        with calling("s3:GetObject", f"{self.bucket}/{key}"):
            head = self._clients.objects.head_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED")
        return base64.b64decode(head.get("ChecksumSHA256", "")).hex()

    def put(  # noqa: PLR0913 - an object and how it is served
        self,
        key: str,
        body: bytes | IO[bytes],
        sha256: str,
        *,
        content_type: str,
        cache_control: str,
        metadata: Mapping[str, str],
        only_if_new: bool = False,
    ) -> None:
        """Write an object. S3 compares its contents with `sha256` (hex) and refuses contents that do not match.

        With `only_if_new`, raises `ConflictError` when the key exists already.
        """
        if isinstance(body, bytes) and not only_if_new:
            meta = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
            headers = {"content-type": content_type, "cache-control": cache_control, **meta}
            if self._quick.put(key, body, sha256, headers):
                return
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if only_if_new else {}
        with calling("s3:PutObject", f"{self.bucket}/{key}"):
            self._clients.objects.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                CacheControl=cache_control,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode(),
                Metadata=dict(metadata),
                **condition,
            )

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects, a thousand in each call."""
        for some in _chunks(keys):
            objects: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in some]
            with calling("s3:DeleteObject", f"{self.bucket} ({len(some)} objects)"):
                answer = self._clients.objects.delete_objects(
                    Bucket=self.bucket, Delete={"Objects": objects, "Quiet": True}
                )
            for error in answer.get("Errors", []):
                reason = f"s3:DeleteObject on {self.bucket}/{error.get('Key')}: {error.get('Code')}"
                raise AwsError(f"{reason}. Look at the bucket's policy.", code=error.get("Code", ""))


def _as_list(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))
