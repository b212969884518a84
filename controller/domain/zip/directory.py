"""Reads a zip's directory as strictly as possible, before anything in the zip is touched.

Why not `zipfile`: it loads a directory of any size, accepts data before, between and after the entries, prefers a
hidden zip64 directory to the one that other programs see, and drops what follows a NUL in a name. A bundle that two
readers could understand differently must not be released, so this reader refuses everything unusual.
"""

import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from controller.domain.printable import printable
from controller.errors import InvalidBundleError

STORED, DEFLATED = 0, 8
LOCAL_HEADER = struct.Struct("<4s5H3L2H")
LOCAL_SIGNATURE = b"PK\x03\x04"
_CENTRAL_HEADER = struct.Struct("<4s6H3L5H2L")
_CENTRAL_SIGNATURE = b"PK\x01\x02"
_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\x05\x06"
_MAX_COMMENT = 0xFFFF
_MORE = 0xFFFF
"""The count that means that there are more entries than the format can count (zip64)."""
_BYTES_PER_ENTRY = 256
"""More than a directory needs for an average entry; it bounds the bytes that are read into memory."""
_UTF8_FLAG = 0x800
_EXTRA_FIELD = struct.Struct("<2H")
_SECOND_NAME, _BEFORE_SECOND_NAME = 0x7075, 5
"""The extra field in which some programs write a name in Unicode, after a version and a checksum."""
IN_UTF8 = (
    "Rename the file with letters of ASCII, or make the zip again with names in UTF-8: with"
    " `python3 -m zipfile -c CODE.zip FILES…`, or by naming the folder itself as the `artifact` in release.yaml."
)
AGAIN = "Make the bundle again with `selfright bundle` and upload that file as it is."


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the directory describes it; `offset` is where its local header begins, sizes are in bytes."""

    name: str
    raw_name: bytes
    offset: int
    packed: int
    size: int
    crc: int
    method: int
    flags: int
    mode: int
    """The Unix mode with the file type; 0 when the zip was made on another system."""
    has_mode: bool = False
    """Whether the zip was made on a system with Unix modes."""

    @property
    def is_folder(self) -> bool:
        """Whether it is the entry of a folder."""
        return self.name.endswith("/")

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link; its contents are where it leads."""
        return stat.S_ISLNK(self.mode) and not self.is_folder


@dataclass(frozen=True)
class Directory:
    """A zip's entries in the order of their data, and the position at which its data ends."""

    entries: tuple[Entry, ...]
    end: int

    @property
    def placed(self) -> Iterator[tuple[Entry, int]]:
        """The entries, each with the position at which the next one or the directory begins."""
        ends = [*(entry.offset for entry in self.entries[1:]), self.end]
        return zip(self.entries, ends, strict=False)  # without entries there is one end


def read_directory(
    file: BinaryIO, what: str, max_entries: int, *, besides: int = 0, fewer: str = "Remove files."
) -> Directory:
    """The directory of the zip `file` (called `what` in messages); raises `InvalidBundleError`.

    It has at most `max_entries` entries, `besides` those that nobody chose. `fewer` says what to do about too many.
    """
    size = file.seek(0, 2)
    tail = read_exactly(file, max(0, size - _END.size - _MAX_COMMENT), size)
    at = _find_end(file, tail, what)
    _, disk, first_disk, here, count, length, start, _ = _END.unpack_from(tail, at)
    end_at = size - len(tail) + at
    allowed = max_entries + besides
    if count == _MORE or count > allowed or length > allowed * _BYTES_PER_ENTRY:
        number = f"more than {max_entries:,}" if count == _MORE else f"{count:,}"
        reason = (
            f"{what} has {number} entries (or a directory of {length:,} bytes); at most {max_entries:,} are allowed"
        )
        raise InvalidBundleError(reason, fewer)
    if disk or first_disk or here != count or start + length != end_at:
        reason = f"{what} is damaged, split, in zip64 format, or has foreign data before or after the zip"
        raise InvalidBundleError(reason, AGAIN)
    data = tail[at - length : at] if length <= at else read_exactly(file, start, end_at)
    entries = tuple(sorted(_entries(data, count, what), key=lambda entry: entry.offset))
    _refuse_overlaps(entries, start, what)
    return Directory(entries, start)


def read_exactly(file: BinaryIO, start: int, end: int) -> bytes:
    """The bytes from `start` to `end`; raises `InvalidBundleError` when the file is shorter."""
    file.seek(start)
    data = file.read(end - start)
    while len(data) < end - start:
        more = file.read(end - start - len(data))
        if not more:
            raise InvalidBundleError("the bundle is cut off", AGAIN)
        data += more
    return data


def _find_end(file: BinaryIO, tail: bytes, what: str) -> int:
    at = tail.rfind(_END_SIGNATURE)
    while at >= 0:
        if at + _END.size <= len(tail) and at + _END.size + _END.unpack_from(tail, at)[-1] == len(tail):
            return at
        at = tail.rfind(_END_SIGNATURE, 0, at)
    file.seek(0)
    begins_well = file.read(len(LOCAL_SIGNATURE)) == LOCAL_SIGNATURE
    wrong = "is a zip that was cut off or damaged: its directory is missing" if begins_well else "is not a zip file"
    raise InvalidBundleError(f"{what} {wrong}", AGAIN)


def _entries(data: bytes, count: int, what: str) -> Iterator[Entry]:
    at = 0
    for number in range(1, count + 1):
        if len(data) - at < _CENTRAL_HEADER.size or not data.startswith(_CENTRAL_SIGNATURE, at):
            raise InvalidBundleError(f"the directory of {what} is damaged at entry {number}", AGAIN)
        _, made_by, _, flags, method, _, _, crc, packed, size, name_length, extra, comment, _, _, attributes, offset = (
            _CENTRAL_HEADER.unpack_from(data, at)
        )
        at += _CENTRAL_HEADER.size
        raw_name = data[at : at + name_length]
        said_again = refuse_second_name(data[at + name_length : at + name_length + extra], raw_name, what)
        at += name_length + extra + comment
        unix = made_by >> 8 in _MADE_ON_UNIX
        is_utf8 = flags & _UTF8_FLAG or unix or said_again
        mode = attributes >> 16 if unix else 0
        yield Entry(
            _decode(raw_name, what, known=bool(is_utf8)), raw_name, offset, packed, size, crc, method, flags, mode, unix
        )
    if at != len(data):
        raise InvalidBundleError(f"the directory of {what} is damaged: it is longer than its entries", AGAIN)


_MADE_ON_UNIX = (3, 19)  # Unix and macOS


def refuse_second_name(extra: bytes, raw_name: bytes, what: str) -> bool:
    """Whether an entry's extra fields give it the same name in Unicode.

    Raises `InvalidBundleError` when they give it another name, which some programs would use.
    """
    at, said_again = 0, False
    while len(extra) - at >= _EXTRA_FIELD.size:
        kind, length = _EXTRA_FIELD.unpack_from(extra, at)
        at += _EXTRA_FIELD.size
        if kind == _SECOND_NAME:
            if extra[at + _BEFORE_SECOND_NAME : at + length] != raw_name:
                raise InvalidBundleError(f"'{raw_name!r}' in {what} has a second name", IN_UTF8)
            said_again = True
        at += length
    return said_again


def _decode(raw_name: bytes, what: str, *, known: bool) -> str:
    """The name. Unix has it as bytes, and so has every zip that is made there, with a flag for UTF-8 or without it.

    Other systems write their own encoding, unless they say that it is UTF-8 (`known`).
    """
    if not (known or raw_name.isascii()):
        raise InvalidBundleError(f"{what} has a name in an unknown encoding: {raw_name!r}", IN_UTF8)
    try:
        return raw_name.decode()
    except UnicodeDecodeError as error:
        reason = f"{what} has an entry whose name is not valid UTF-8: {raw_name!r}"
        raise InvalidBundleError(reason, IN_UTF8) from error


def _refuse_overlaps(entries: tuple[Entry, ...], data_end: int, what: str) -> None:
    """Refuse shared data, which makes a bomb, and data before the first entry, which hides another file."""
    if entries and entries[0].offset:
        raise InvalidBundleError(f"{what} has foreign data before its first entry", AGAIN)
    ends = [entry.offset + LOCAL_HEADER.size + len(entry.raw_name) + entry.packed for entry in entries]
    starts = [*(entry.offset for entry in entries[1:]), data_end]
    for entry, end, next_start in zip(entries, ends, starts, strict=False):
        if end > next_start:
            shares = f"'{printable(entry.name)}' shares data with another"
            raise InvalidBundleError(f"{what} has overlapping entries: {shares}", AGAIN)
