"""Reads one entry of a zip: never more than the directory declares, and never silently less."""

import io
import struct
import zlib
from typing import BinaryIO, cast

from controller.domain.zip.directory import (
    AGAIN,
    DEFLATED,
    LOCAL_HEADER,
    LOCAL_SIGNATURE,
    Entry,
    read_exactly,
    refuse_second_name,
)
from controller.errors import InvalidBundleError

_CHUNK = 256 * 1024
_SIZES_FOLLOW = 0x8
"""The flag of an entry whose checksum and sizes stand behind its data, because they were not known before."""
_SIZES = (struct.Struct("<3L"), struct.Struct("<L2Q"))
_SIZES_SIGNATURE = b"PK\x07\x08"


def data_start(file: BinaryIO, entry: Entry, limit: int) -> int:
    """The position of the entry's data.

    Raises `InvalidBundleError` unless the local header agrees with the directory, and nothing but the entry stands
    before `limit`: other programs read what the directory does not name.
    """
    header = read_exactly(file, entry.offset, entry.offset + LOCAL_HEADER.size + len(entry.raw_name))
    signature, _, flags, method, _, _, crc, packed, size, name_length, extra = LOCAL_HEADER.unpack_from(header)
    start = entry.offset + len(header) + extra
    agrees = (signature, flags, method) == (LOCAL_SIGNATURE, entry.flags, entry.method)
    stated, known = (crc, packed, size), (entry.crc, entry.packed, entry.size)
    if flags & _SIZES_FOLLOW:
        known = tuple(one and two for one, two in zip(stated, known, strict=True))  # type: ignore[assignment]
    same_name = header[LOCAL_HEADER.size :] == entry.raw_name and name_length == len(entry.raw_name)
    if not agrees or not same_name or stated != known:
        raise InvalidBundleError(f"'{entry.name}' is described differently in two places of the zip", AGAIN)
    if start + entry.packed > limit:
        raise InvalidBundleError(f"'{entry.name}' shares data with another entry of the zip", AGAIN)
    if extra:
        refuse_second_name(read_exactly(file, start - extra, start), entry.raw_name, "the zip")
    if start + entry.packed < limit and not _only_sizes_follow(file, entry, start + entry.packed, limit):
        raise InvalidBundleError(f"'{entry.name}' is followed by foreign data in the zip", AGAIN)
    return int(start)


def _only_sizes_follow(file: BinaryIO, entry: Entry, start: int, limit: int) -> bool:
    """Whether nothing else stands between these positions than the entry's checksum and sizes."""
    forms = [layout.pack(entry.crc, entry.packed, entry.size) for layout in _SIZES]
    forms += [_SIZES_SIGNATURE + form for form in forms]
    longest = max(map(len, forms))
    if not entry.flags & _SIZES_FOLLOW or limit - start > longest:
        return False
    return read_exactly(file, start, limit) in forms


class Window(io.RawIOBase):
    """A part of a file as a file of its own: seekable, and without access to the rest."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def seekable(self) -> bool:
        """Whether it can be read in any order: always."""
        return True

    def tell(self) -> int:
        """The position in bytes from the window's start."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position, which may be beyond the end."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """The next `size` bytes, or all that is left; fewer only at the end."""
        left = max(0, self._size - self._at)
        wanted = left if size is None or size < 0 else min(size, left)
        data = read_exactly(self._file, self._start + self._at, self._start + self._at + wanted) if wanted else b""
        self._at += len(data)
        return data

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Fill `buffer` with the next bytes; returns how many."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class Inflating(io.RawIOBase):
    """An entry's contents in order, with bounded memory; checks size and CRC at the end."""

    def __init__(self, packed: Window, entry: Entry) -> None:
        super().__init__()
        self._packed, self._entry = packed, entry
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS) if entry.method == DEFLATED else None
        self._waiting = b""
        self._crc = 0
        self._size = 0

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes, at most `size`; none at the end. Raises `InvalidBundleError` for undeclared contents."""
        left = self._entry.size - self._size
        wanted = left if size is None or size < 0 else min(size, left)
        parts: list[bytes] = []
        while wanted > 0:
            part = self._next(min(wanted, _CHUNK))
            parts.append(part)
            wanted -= len(part)
        if self._size == self._entry.size and not self.closed:
            self._check_end()
        return b"".join(parts)

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Fill `buffer` with the next bytes; returns how many."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _next(self, wanted: int) -> bytes:
        data = self._packed.read(wanted) if self._inflate is None else self._unpack(wanted)
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        return data

    def _unpack(self, wanted: int) -> bytes:
        """The next unpacked bytes: at least one, and at most `wanted`."""
        assert self._inflate  # noqa: S101
        while True:
            source = self._waiting or self._packed.read(_CHUNK)
            try:
                data = self._inflate.decompress(source, wanted)
            except zlib.error as error:
                raise self._wrong("its compressed data is damaged") from error
            self._waiting = self._inflate.unconsumed_tail
            if data:
                return data
            if self._inflate.eof or not source:
                raise self._wrong("it is shorter than declared")

    def _check_end(self) -> None:
        if self._inflate and not self._inflate.eof:
            self._finish()
        if self._inflate and (self._inflate.unused_data or self._packed.read(1)):
            raise self._wrong("foreign data follows its compressed data")
        if self._crc != self._entry.crc:
            raise self._wrong("its checksum does not match")

    def _finish(self) -> None:
        """Read the rest of the compressed data, which must unpack to nothing."""
        assert self._inflate  # noqa: S101
        while not self._inflate.eof:
            source = self._waiting or self._packed.read(_CHUNK)
            try:
                more = self._inflate.decompress(source, 1)
            except zlib.error as error:
                raise self._wrong("its compressed data is damaged") from error
            self._waiting = self._inflate.unconsumed_tail
            if more:
                raise self._wrong("it is longer than declared")
            if not source and not self._inflate.eof:
                raise self._wrong("its compressed data has no end")

    def _wrong(self, how: str) -> InvalidBundleError:
        return InvalidBundleError(f"'{self._entry.name}' cannot be unpacked: {how}", AGAIN)


def contents(file: BinaryIO, entry: Entry, end: int) -> BinaryIO:
    """The contents of an entry in order; `end` is the position after it, see `Directory.placed`.

    Raises `InvalidBundleError`, also while they are read.
    """
    return cast("BinaryIO", Inflating(Window(file, data_start(file, entry, end), entry.packed), entry))
