"""Looks into compressed files of a site for secrets: whoever loads one unpacks it.

It goes through gzip, bzip2, xz, zip and tar, also within each other, with bounds on bytes, entries and depth: what is
beyond them is not searched. Brotli, Zstandard, 7z and rar cannot be read here.
"""

import base64
import binascii
import bz2
import gzip
import io
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, cast

from selfright.secrecy import secret_in

BYTES, ENTRIES, DEPTH = 64 * 1024 * 1024, 10_000, 3
"""So much of one file is searched: unpacked bytes, entries, and archives within archives."""
_AT_ONCE, _OVERLAP = 8 * 1024 * 1024, 4096
"""Bytes that are searched at once, and how many of them are searched again with the next."""
_TAR, _TAR_AT = b"ustar", 257
_HEAD = 512
_BROKEN = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
)
"""What the readers raise for archives that are damaged, encrypted, or only begin like one."""
_MAP = re.compile(rb"sourceMappingURL=data:[^,\s]{0,99};base64,([A-Za-z0-9+/=]+)")


class _BoundReachedError(Exception):
    """A bound is reached."""


@dataclass
class _Allowance:
    """What may still be searched of one file."""

    bytes: int = BYTES
    entries: int = ENTRIES

    def count(self, size: int) -> None:
        """Count bytes."""
        self.bytes -= size
        if self.bytes < 0:
            raise _BoundReachedError

    def next_entry(self) -> None:
        """Count an entry."""
        self.entries -= 1
        if self.entries < 0:
            raise _BoundReachedError


def secret_inside(data: bytes, is_secret_name: Callable[[str], bool]) -> str:
    """What of a file's packed contents looks like a secret, with its article; "" when nothing does, or it has none."""
    for found in _MAP.finditer(data):
        try:
            inlined = base64.b64decode(found[1], validate=True)
        except (binascii.Error, ValueError):
            continue
        if kind := secret_in(inlined):
            return f"{kind} in its source map"
    try:
        return _inside(data, is_secret_name, _Allowance(), DEPTH)
    except _BoundReachedError:
        return ""


def _inside(data: bytes, is_secret_name: Callable[[str], bool], left: _Allowance, depth: int) -> str:
    """The same of the members of one archive."""
    if not depth:
        return ""
    try:
        for name, stream in _members(data, left):
            if name and is_secret_name(name):
                return f"a secret, '{name}'"
            if kind := _search(stream, is_secret_name, left, depth):
                return kind
    except (*_BROKEN, struct.error):
        return ""
    return ""


def _search(stream: IO[bytes], is_secret_name: Callable[[str], bool], left: _Allowance, depth: int) -> str:
    """The same of the contents of one member."""
    data = _read(stream, _AT_ONCE, left)
    if kind := secret_in(data):
        return kind
    if len(data) < _AT_ONCE:
        return _inside(data, is_secret_name, left, depth - 1)
    while more := _read(stream, _AT_ONCE, left):
        data = data[-_OVERLAP:] + more
        if kind := secret_in(data):
            return kind
    return ""


def _read(stream: IO[bytes], size: int, left: _Allowance) -> bytes:
    data = stream.read(min(size, left.bytes + 1))
    left.count(len(data))
    return data


def _members(data: bytes, left: _Allowance) -> Iterator[tuple[str, IO[bytes]]]:
    """The names and contents of what is packed in it; a single file that is compressed has no name."""
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for one in archive.infolist():
                left.next_entry()
                if not one.is_dir():
                    with archive.open(one) as stream:
                        yield one.filename, stream
    elif unpack := _unpacker(data):
        with unpack() as beginning:
            is_tar = _is_tar(beginning.read(_HEAD))
        with unpack() as unpacked:
            if is_tar:
                yield from _of_tar(unpacked, left)
            else:
                yield "", unpacked
    elif _is_tar(data[:_HEAD]):
        yield from _of_tar(io.BytesIO(data), left)


def _of_tar(stream: IO[bytes], left: _Allowance) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for one in archive:
            left.next_entry()
            if one.isfile() and (contents := archive.extractfile(one)):
                yield one.name, contents


def _unpacker(data: bytes) -> Callable[[], IO[bytes]] | None:
    """What opens the contents of a compressed file; None when it is none."""
    if data.startswith(b"\x1f\x8b"):
        return lambda: cast("IO[bytes]", gzip.GzipFile(fileobj=io.BytesIO(data)))
    if data.startswith(b"BZh"):
        return lambda: bz2.BZ2File(io.BytesIO(data))
    if data.startswith(b"\xfd7zXZ\x00"):
        return lambda: lzma.LZMAFile(io.BytesIO(data))
    return None


def _is_tar(head: bytes) -> bool:
    return head[_TAR_AT:].startswith(_TAR)
