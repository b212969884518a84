"""The uploaded bundles in S3, read by ranges: a reader holds a few megabytes of a bundle, never the whole."""

import io
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.domain.deployment import Upload
from controller.domain.printable import NAME_BYTES, printable, said
from controller.ports.components import Bundles

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BLOCK = 512 * 1024
BLOCKS_AT_ONCE = 16
"""The most that one request asks for: 8 MiB."""
KEPT_BLOCKS = 48
STATED = {"hotfix": "selfright-hotfix", "retry": "selfright-retry", "by": "selfright-by"}
"""Field of the upload → the name of the object's metadata that holds it (`x-amz-meta-…`)."""
BUFFER = 256 * 1024


class S3Bundles(Bundles):
    """Implements `ports.Bundles`."""

    def __init__(self, s3: "S3Client | None" = None) -> None:
        """`s3` is the client to use (default: the process's own)."""
        self._s3 = s3 or client("s3")

    def pin(self, bucket: str, key: str, version_id: str | None) -> Upload:
        """The newest (or the named) version of an uploaded object; raises `NotFoundError`."""
        version = {"VersionId": version_id} if version_id else {}
        with calling("s3:GetObjectVersion", key):
            head = self._s3.head_object(Bucket=bucket, Key=key, **version)  # type: ignore[arg-type]
        stated = {name: _stated(head.get("Metadata", {}).get(key, "")) for name, key in STATED.items()}
        return Upload(bucket, key, head.get("VersionId", ""), head["ContentLength"], head["LastModified"], **stated)

    def open(self, upload: Upload) -> BinaryIO:
        """A seekable reader of exactly that version."""
        return io.BufferedReader(_RangeReader(self._s3, upload), BUFFER)


def _stated(value: str) -> str:
    """The metadata as people wrote it. S3 takes and returns text that is not ASCII in the encoding of RFC 2047."""
    if "=?" in value:
        from email.header import decode_header, make_header  # noqa: PLC0415 - rarely needed

        with suppress(LookupError, ValueError):
            value = str(make_header(decode_header(value)))
    return said(printable(value.strip()), NAME_BYTES)


class _RangeReader(io.RawIOBase):
    """A seekable file over ranged GETs of one object version; it keeps the last few blocks.

    A read elsewhere asks for one block; each that goes on from there asks for twice as many. So a few files of a large
    bundle cost little, and the whole of it few requests.
    """

    def __init__(self, s3: "S3Client", upload: Upload) -> None:
        self._s3 = s3
        self._upload = upload
        self._position = 0
        self._blocks: dict[int, bytes] = {}
        self._at_once = 1

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._upload.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        view = memoryview(buffer)
        number, start = divmod(self._position, BLOCK)
        if self._position >= self._upload.size:
            return 0
        piece = self._block(number)[start : start + len(view)]
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            self._at_once = min(2 * self._at_once, BLOCKS_AT_ONCE) if number - 1 in self._blocks else 1
            fetched = self._fetch(number, self._at_once)
            while self._blocks and len(self._blocks) + len(fetched) > KEPT_BLOCKS:
                del self._blocks[next(iter(self._blocks))]
            self._blocks |= fetched
        return self._blocks[number]

    def _fetch(self, number: int, count: int) -> dict[int, bytes]:
        first = number * BLOCK
        last = min(first + count * BLOCK, self._upload.size) - 1
        version = {"VersionId": self._upload.version_id} if self._upload.version_id else {}
        with calling("s3:GetObject", self._upload.key):
            answer = self._s3.get_object(
                Bucket=self._upload.bucket,
                Key=self._upload.key,
                Range=f"bytes={first}-{last}",
                **version,  # type: ignore[arg-type]
            )
            data = answer["Body"].read()
        # HTTP lets a server ignore a range and send everything. Everything is kept then, so no block is sent twice.
        begin = number if answer.get("ContentRange") else 0
        return {begin + at // BLOCK: data[at : at + BLOCK] for at in range(0, len(data), BLOCK)}
