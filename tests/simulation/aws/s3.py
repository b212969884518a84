"""S3 in memory: versioned buckets, strongly consistent as S3 is.

Most of a site's files do not come through `put_object`: `controller.aws.components.site.quick_puts` signs a plain PUT
by the client's events and sends it by an HTTP connection of its own. A client for it needs `meta.endpoint_url` and
`meta.events.emit`; `PutEvents(put)` is such a `meta`. Its `before-send` event turns the PUT into the keywords of
`put_object`, calls `put` with them (a gateway's own, so that the call is scheduled like every other), and answers with
a status, so nothing reaches the network. Uploads run in threads of `controller.aws.client.uploads.Uploads`; a
simulation without threads replaces that class, too.
"""
# ruff: noqa: ANN401, N803 - requests and answers are AWS's documents

import base64
import hashlib
import io
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from tests.simulation.aws.service import Refusal, Service, metadata, operation

MOST = 1000
ENDPOINT = "https://s3.invalid"
_META = "x-amz-meta-"


@dataclass(frozen=True)
class Stored:
    """One version of an object; without data it is a delete marker."""

    version: str
    at: datetime
    data: bytes | None
    etag: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""
    """In base64, if the writer said it."""


Versions = tuple[Stored, ...]


class S3(Service):
    """Buckets by name, all of them versioned."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self._buckets: dict[str, dict[str, Versions]] = {}
        self._numbers = itertools.count(1)

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys of all objects that are not deleted."""
        return sorted(
            key
            for key, versions in self._buckets[bucket].items()
            if key.startswith(prefix) and versions[-1].data is not None
        )

    def data(self, bucket: str, key: str) -> bytes | None:
        """An object's contents, or None."""
        versions = self._buckets[bucket].get(key)
        return versions[-1].data if versions else None

    def cache_control(self, bucket: str, key: str) -> str:
        """What an object says of how long it may be kept; "" when it says nothing."""
        versions = self._buckets[bucket].get(key)
        return versions[-1].headers.get("CacheControl", "") if versions else ""

    @operation
    def create_bucket(self, *, Bucket: str, **_: Any) -> dict[str, Any]:
        """An empty bucket."""
        if Bucket in self._buckets:
            raise Refusal("BucketAlreadyOwnedByYou", "The bucket exists already.", 409)
        self._buckets[Bucket] = {}
        return {"Location": f"/{Bucket}"}

    @operation
    def put_object(  # noqa: PLR0913 - as boto3 has it
        self,
        *,
        Bucket: str,
        Key: str,
        Body: Any = b"",
        ContentType: str = "binary/octet-stream",
        CacheControl: str = "",
        Metadata: Mapping[str, str] | None = None,
        ChecksumSHA256: str = "",
        IfNoneMatch: str = "",
        IfMatch: str = "",
        **_: Any,
    ) -> dict[str, Any]:
        """Write an object. Contents are compared with the checksum, and the conditions with what is there now."""
        before = self._bucket(Bucket).get(Key)
        present = before[-1] if before and before[-1].data is not None else None
        if (IfNoneMatch and present) or (IfMatch and (not present or f'"{present.etag}"' != _quoted(IfMatch))):
            said = "At least one of the pre-conditions you specified did not hold"
            raise Refusal("PreconditionFailed", said, 412)
        data = Body if isinstance(Body, bytes) else Body.encode() if isinstance(Body, str) else Body.read()
        sha256 = base64.b64encode(hashlib.sha256(data).digest()).decode()
        if ChecksumSHA256 and ChecksumSHA256 != sha256:
            raise Refusal("BadDigest", "The SHA256 you specified did not match the calculated checksum.")
        headers = {"ContentType": ContentType, **({"CacheControl": CacheControl} if CacheControl else {})}
        made = self._add(Bucket, Key, data, headers, Metadata or {}, sha256 if ChecksumSHA256 else "")
        shown = {"ChecksumSHA256": sha256} if ChecksumSHA256 else {}
        return {"ETag": f'"{made.etag}"', "VersionId": made.version, **shown}

    @operation
    def head_object(
        self, *, Bucket: str, Key: str, VersionId: str = "", ChecksumMode: str = "", **_: Any
    ) -> dict[str, Any]:
        """What is said of an object. HEAD has no body, so its errors have only a status."""
        try:
            found = self._found(Bucket, Key, VersionId)
        except Refusal as refusal:
            raise Refusal("404" if refusal.status == 404 else "400", "Not Found", refusal.status) from None
        return _head(found, checksum=bool(ChecksumMode))

    @operation
    def get_object(
        self, *, Bucket: str, Key: str, VersionId: str = "", Range: str = "", ChecksumMode: str = "", **_: Any
    ) -> dict[str, Any]:
        """An object, or the bytes of a `Range` such as `bytes=0-99`."""
        found = self._found(Bucket, Key, VersionId)
        data = found.data or b""
        answer = _head(found, checksum=bool(ChecksumMode))
        if Range:
            first, last = _bytes(Range, len(data))
            answer["ContentRange"] = f"bytes {first}-{last}/{len(data)}"
            answer["ResponseMetadata"] = metadata(206)
            data = data[first : last + 1]
            answer["ContentLength"] = len(data)
        return {**answer, "Body": io.BytesIO(data)}

    @operation
    def list_objects_v2(  # noqa: PLR0913 - as S3 has it
        self,
        *,
        Bucket: str,
        Prefix: str = "",
        Delimiter: str = "",
        MaxKeys: int = MOST,
        ContinuationToken: str = "",
        StartAfter: str = "",
    ) -> dict[str, Any]:
        """The objects by key, at most a thousand in an answer; with a delimiter, those that have none in their names.

        The names of folders, which S3 would add, are left out.
        """
        bucket = self._bucket(Bucket)
        after, most = ContinuationToken or StartAfter, min(MaxKeys, MOST)
        keys = [key for key in self.keys(Bucket, Prefix) if key > after]
        if Delimiter:
            keys = [key for key in keys if Delimiter not in key.removeprefix(Prefix)]
        shown = [
            {
                "Key": key,
                "LastModified": bucket[key][-1].at,
                "ETag": f'"{bucket[key][-1].etag}"',
                "Size": len(bucket[key][-1].data or b""),
                "StorageClass": "STANDARD",
            }
            for key in keys[:most]
        ]
        following = {"NextContinuationToken": keys[most - 1]} if len(keys) > most else {}
        contents = {"Contents": shown} if shown else {}
        counts = {"KeyCount": len(shown), "IsTruncated": bool(following), "Name": Bucket, "Prefix": Prefix}
        return {**counts, **contents, **following}

    @operation
    def list_object_versions(
        self, *, Bucket: str, Prefix: str = "", MaxKeys: int = MOST, KeyMarker: str = "", VersionIdMarker: str = ""
    ) -> dict[str, Any]:
        """All versions and delete markers, newest first for each key, at most a thousand in an answer."""
        bucket = self._bucket(Bucket)
        found = [(key, one) for key in sorted(bucket) if key.startswith(Prefix) for one in reversed(bucket[key])]
        places = [(key, one.version) for key, one in found]
        start = places.index((KeyMarker, VersionIdMarker)) + 1 if (KeyMarker, VersionIdMarker) in places else 0
        end = start + min(MaxKeys, MOST)
        versions, markers = list[dict[str, Any]](), list[dict[str, Any]]()
        for key, one in found[start:end]:
            latest = one is bucket[key][-1]
            shown = {"Key": key, "VersionId": one.version, "LastModified": one.at, "IsLatest": latest}
            if one.data is None:
                markers.append(shown)
            else:
                versions.append({**shown, "ETag": f'"{one.etag}"', "Size": len(one.data)})
        answer: dict[str, Any] = {"IsTruncated": end < len(found)}
        if end < len(found):
            answer["NextKeyMarker"], answer["NextVersionIdMarker"] = places[end - 1]
        if versions:
            answer["Versions"] = versions
        return answer | ({"DeleteMarkers": markers} if markers else {})

    @operation
    def delete_object(self, *, Bucket: str, Key: str, VersionId: str = "") -> dict[str, Any]:
        """Set a delete marker, or delete one version for good."""
        return {**self._delete(Bucket, Key, VersionId), "ResponseMetadata": metadata(204)}

    @operation
    def delete_objects(self, *, Bucket: str, Delete: Mapping[str, Any]) -> dict[str, Any]:
        """The same for many."""
        objects: Sequence[Mapping[str, str]] = Delete["Objects"]
        if not 1 <= len(objects) <= MOST:
            raise Refusal("MalformedXML", "The XML you provided was not well-formed")
        gone = [{"Key": one["Key"], **self._delete(Bucket, one["Key"], one.get("VersionId", ""))} for one in objects]
        return {} if Delete.get("Quiet") else {"Deleted": gone}

    @operation
    def copy_object(  # noqa: PLR0913 - as boto3 has it
        self,
        *,
        Bucket: str,
        Key: str,
        CopySource: Mapping[str, str] | str,
        MetadataDirective: str = "COPY",
        Metadata: Mapping[str, str] | None = None,
        ContentType: str = "binary/octet-stream",
        **_: Any,
    ) -> dict[str, Any]:
        """Copy an object, or one version of it; onto itself only with `REPLACE`."""
        source = _source(CopySource)
        found = self._found(source["Bucket"], source["Key"], source.get("VersionId", ""))
        replaces = MetadataDirective == "REPLACE"
        itself = (source["Bucket"], source["Key"]) == (Bucket, Key) and "VersionId" not in source
        if itself and not replaces:
            raise Refusal("InvalidRequest", "This copy request is illegal because it copies an object to itself.")
        headers = {"ContentType": ContentType} if replaces else found.headers
        said = (Metadata or {}) if replaces else found.metadata
        made = self._add(Bucket, Key, found.data or b"", headers, said, found.sha256)
        return {
            "CopyObjectResult": {"ETag": f'"{made.etag}"', "LastModified": made.at},
            "VersionId": made.version,
            "CopySourceVersionId": found.version,
        }

    def _bucket(self, name: str) -> dict[str, Versions]:
        if name not in self._buckets:
            raise Refusal("NoSuchBucket", "The specified bucket does not exist", 404)
        return self._buckets[name]

    def _found(self, bucket: str, key: str, version: str) -> Stored:
        versions = self._bucket(bucket).get(key, ())
        if version:
            found = next((one for one in versions if one.version == version), None)
            if found is None:
                raise Refusal("NoSuchVersion", "The specified version does not exist.", 404)
            if found.data is None:
                raise Refusal("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
            return found
        if not versions or versions[-1].data is None:
            raise Refusal("NoSuchKey", "The specified key does not exist.", 404)
        return versions[-1]

    def _add(  # noqa: PLR0913, PLR0917 - an object and what is said of it
        self,
        bucket: str,
        key: str,
        data: bytes,
        headers: Mapping[str, str],
        said: Mapping[str, str],
        sha256: str,
    ) -> Stored:
        etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
        named = {name.lower(): value for name, value in said.items()}
        made = Stored(self._version(), self._now(), data, etag, dict(headers), named, sha256)
        self._append(bucket, key, made)
        return made

    def _append(self, bucket: str, key: str, made: Stored) -> None:
        there = self._bucket(bucket)
        there[key] = (*there.get(key, ()), made)

    def _delete(self, bucket: str, key: str, version: str) -> dict[str, Any]:
        there = self._bucket(bucket)
        if version:
            left = tuple(one for one in there.get(key, ()) if one.version != version)
            there.pop(key, None)
            if left:
                there[key] = left
            return {"VersionId": version}
        marker = Stored(self._version(), self._now(), None)
        self._append(bucket, key, marker)
        return {"DeleteMarker": True, "VersionId": marker.version}

    def _version(self) -> str:
        return f"version-{next(self._numbers):06}"


class PutEvents:
    """A client's `meta` for quick puts: see the module's own text."""

    endpoint_url = ENDPOINT

    def __init__(self, put: Callable[..., Mapping[str, Any]]) -> None:
        """`put` has the keywords of `put_object`. Its `ClientError` becomes a status, a timeout 0."""
        self._put = put

    @property
    def events(self) -> "PutEvents":
        """Itself."""
        return self

    def emit(self, event: str, *, request: Any, **_: Any) -> list[tuple[Any, Any]]:
        """Answer a request that is about to be sent; there is nothing to sign."""
        if not event.startswith("before-send."):
            return []
        try:
            self._put(**put_of(request.url, request.headers, request.body))
        except ClientError as error:
            return [(None, SimpleNamespace(status_code=error.response["ResponseMetadata"]["HTTPStatusCode"]))]
        except BotoCoreError:
            return [(None, SimpleNamespace(status_code=0))]
        return [(None, SimpleNamespace(status_code=200))]


def put_of(url: str, headers: Mapping[str, str], body: Any) -> dict[str, Any]:
    """The keywords of `put_object` for a plain PUT."""
    bucket, _, key = unquote(urlsplit(url).path).removeprefix("/").partition("/")
    given = {name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in headers.items()}
    named = {
        "ContentType": given.get("content-type", "binary/octet-stream"),
        "CacheControl": given.get("cache-control", ""),
        "ChecksumSHA256": given.get("x-amz-checksum-sha256", ""),
    }
    known = {name: value for name, value in named.items() if value}
    said = {name.removeprefix(_META): value for name, value in given.items() if name.startswith(_META)}
    return {"Bucket": bucket, "Key": key, "Body": body or b"", "Metadata": said, **known}


def _head(found: Stored, *, checksum: bool) -> dict[str, Any]:
    return {
        **found.headers,
        "ContentLength": len(found.data or b""),
        "ETag": f'"{found.etag}"',
        "LastModified": found.at,
        "Metadata": dict(found.metadata),
        "VersionId": found.version,
        **({"ChecksumSHA256": found.sha256} if checksum and found.sha256 else {}),
    }


def _bytes(text: str, size: int) -> tuple[int, int]:
    first, _, last = text.removeprefix("bytes=").partition("-")
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start >= size:
        raise Refusal("InvalidRange", "The requested range is not satisfiable", 416)
    return start, end


def _source(given: Mapping[str, str] | str) -> Mapping[str, str]:
    """Leave out an empty version; a source as text is `bucket/key`, perhaps with `?versionId=`."""
    if isinstance(given, str):
        path, _, version = given.partition("?versionId=")
        bucket, _, key = unquote(path).removeprefix("/").partition("/")
        given = {"Bucket": bucket, "Key": key, "VersionId": version}
    return {name: value for name, value in given.items() if value}


def _quoted(etag: str) -> str:
    return f'"{etag.strip(chr(34))}"'
