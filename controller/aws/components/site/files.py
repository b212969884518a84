"""The objects of a site's bucket: listing, reading, writing and deleting them."""

import base64
import json
import re
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
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
from controller.domain.components.site.answers import told
from controller.domain.components.site.hashes import REVISIONS, Sharing
from controller.domain.components.site.index import FileEntry
from controller.domain.components.site.names import MISSING_NAME
from controller.errors import AwsError, NotFoundError, TransientError

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

REVISION = re.compile(r"revisions/[^/]+/")
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
        return QuickPuts(self._clients, self.bucket)

    def of_revision(self, revision: str, sharing: Sharing, paths: Collection[str]) -> dict[str, Stored]:
        """Key → object for what is in a revision's folder, and for shared files in the folders of these."""
        return self.listing(f"{REVISIONS}{revision}/") | self.shared(sharing, paths)

    def shared(self, sharing: Sharing, paths: Collection[str]) -> dict[str, Stored]:
        """Key → object for shared files in the folders of these."""
        found: dict[str, Stored] = {}
        for prefix in sharing.prefixes(paths):
            found |= self.listing(prefix)
        return found

    def listing(self, prefix: str) -> dict[str, Stored]:
        """Key → object for every key with this prefix ("": for keys without a folder); one call for a thousand."""
        found: dict[str, Stored] = {}
        pages = self._clients.objects.get_paginator("list_objects_v2")
        which: Any = {"Prefix": prefix} if prefix else {"Delimiter": "/"}
        with calling("s3:ListBucket", f"{self.bucket}/{prefix}"):
            for page in pages.paginate(Bucket=self.bucket, **which):
                for one in page.get("Contents", []):
                    found[one["Key"]] = Stored(one["Size"], one["ETag"].strip('"'), one["LastModified"])
        return found

    def read(self, key: str, at_most: int) -> tuple[bytes, Mapping[str, str]]:
        """At most `at_most` bytes of an object, and its metadata; raises `NotFoundError`."""
        with calling("s3:GetObject", f"{self.bucket}/{key}"):
            answer = self._clients.objects.get_object(Bucket=self.bucket, Key=key)
            return answer["Body"].read(at_most), answer["Metadata"]

    def answer(self, key: str, at_most: int, query: str = "") -> Answer:
        """The answer that visitors would get for an object of a revision, or for one that is missing."""
        try:
            return self._answer(key, at_most, query)
        except NotFoundError:
            status, has_page = self._missing
        revision = REVISION.match(key)
        if not (has_page and revision):
            return Answer(status)
        try:
            return self._answer(f"{revision[0]}{MISSING_NAME}", at_most, query)
        except NotFoundError:
            return Answer(HTTPStatus.FORBIDDEN)

    def _answer(self, key: str, at_most: int, query: str) -> Answer:
        with calling("s3:GetObject", f"{self.bucket}/{key}"):
            found = self._clients.objects.get_object(Bucket=self.bucket, Key=key)
            body = found["Body"].read(at_most)
        if found.get("ContentEncoding") == "gzip":
            with suppress(zlib.error):  # a browser would show no more of it
                body = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(body, at_most)
        headers = {"content-type": found.get("ContentType", ""), "cache-control": found.get("CacheControl", "")}
        answer = Answer(HTTPStatus.OK, body, {name: value for name, value in headers.items() if value})
        return told(answer, found["Metadata"], query)

    @cached_property
    def _missing(self) -> tuple[HTTPStatus, bool]:
        """The status that visitors get for a key that does not exist, and whether with the revision's page for that.

        S3 answers CloudFront 404 if it may list the bucket, else 403. A distribution that may read the pages for what
        is missing, and nothing else, stands behind the other one and answers 404 in both cases. Where the bucket's
        policy cannot be read, or is not what lets CloudFront in, it is taken for 404.
        """
        try:
            with calling("s3:GetBucketPolicy", self.bucket):
                policy = json.loads(self._clients.objects.get_bucket_policy(Bucket=self.bucket)["Policy"])
        except TransientError:
            raise
        except (AwsError, NotFoundError):
            return HTTPStatus.NOT_FOUND, False
        statements = [one for one in _as_list(policy.get("Statement", [])) if _lets_cloudfront(one)]
        if any(resource.endswith(f"/{MISSING_NAME}") for one in statements for resource in _as_list(one["Resource"])):
            return HTTPStatus.NOT_FOUND, True
        allowed = {action for one in statements for action in _as_list(one.get("Action", []))}
        may_list = any(fnmatchcase("s3:ListBucket", action) for action in allowed)
        return HTTPStatus.FORBIDDEN if allowed and not may_list else HTTPStatus.NOT_FOUND, False

    def metadata(self, key: str) -> Mapping[str, str]:
        """An object's metadata; raises `NotFoundError`."""
        with calling("s3:GetObject", f"{self.bucket}/{key}"):
            return self._clients.objects.head_object(Bucket=self.bucket, Key=key)["Metadata"]

    def has(self, key: str) -> bool:
        """Whether there is such an object; one call."""
        return self.find_metadata(key) is not None

    def find_metadata(self, key: str) -> Mapping[str, str] | None:
        """An object's metadata; None when there is no such object."""
        try:
            return self.metadata(key)
        except NotFoundError:
            return None

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
        content_encoding: str = "",
        cache_control: str,
        metadata: Mapping[str, str],
        only_if_new: bool = False,
    ) -> None:
        """Write an object. S3 compares its contents with `sha256` (hex) and refuses contents that do not match.

        With `only_if_new`, raises `ConflictError` when the key exists already.
        """
        if isinstance(body, bytes) and not only_if_new:
            meta = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
            encoding = {"content-encoding": content_encoding} if content_encoding else {}
            headers = {"content-type": content_type, **encoding, "cache-control": cache_control, **meta}
            if self._quick.put(key, body, sha256, headers):
                return
        more: dict[str, Any] = {"IfNoneMatch": "*"} if only_if_new else {}
        if content_encoding:
            more["ContentEncoding"] = content_encoding
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
                **more,
            )

    def close(self) -> None:
        """Close the connections that `put` has opened."""
        self._quick.close()

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


def _lets_cloudfront(statement: Mapping[str, Any]) -> bool:
    return statement.get("Effect") == "Allow" and CLOUDFRONT in json.dumps(statement.get("Principal"))


def _as_list(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    return value if isinstance(value, list) else [value]


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))
