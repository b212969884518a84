"""Zips as an attacker or a broken disk would make them."""

import struct
from collections.abc import Iterable

from controller.domain.zip.directory import LOCAL_HEADER

_CENTRAL = struct.Struct("<4s6H3L5H2L")
_FIELDS = {"flags": 3, "method": 4, "crc": 7, "packed": 8, "size": 9, "offset": 16}
"""Field → its place in a directory entry."""
_LOCAL_FIELDS = {"flags": 2, "method": 3, "crc": 6, "packed": 7, "size": 8}
"""Field → its place in an entry's local header."""


def altered(data: bytes, name: str, *, local: bool = True, **fields: int) -> bytes:
    """The zip with changed fields of one entry: in the directory and, if `local`, in the entry's local header."""
    changed = bytearray(data)
    at = _directory_entry(data, name)
    header = list(_CENTRAL.unpack_from(data, at))
    offset = header[_FIELDS["offset"]]
    for field, value in fields.items():
        header[_FIELDS[field]] = value
    _CENTRAL.pack_into(changed, at, *header)
    if local:
        own = list(LOCAL_HEADER.unpack_from(data, offset))
        for field in fields.keys() & _LOCAL_FIELDS.keys():
            own[_LOCAL_FIELDS[field]] = fields[field]
        LOCAL_HEADER.pack_into(changed, offset, *own)
    return bytes(changed)


def offset_of(data: bytes, name: str) -> int:
    """The offset of an entry's local header."""
    return int(_CENTRAL.unpack_from(data, _directory_entry(data, name))[_FIELDS["offset"]])


def _directory_entry(data: bytes, name: str) -> int:
    """The offset of the directory's entry with this name."""
    at = data.rindex(name.encode()) - _CENTRAL.size
    assert data.startswith(b"PK\x01\x02", at)
    return at


def of_empty_entries(names: Iterable[bytes]) -> bytes:
    """A zip of files without contents: quicker than `zipfile` for tens of thousands."""
    local, directory = bytearray(), bytearray()
    every = list(names)
    for name in every:
        header = (
            b"PK\x01\x02",
            0x314,
            20,
            0x800,
            0,
            0,
            0x21,
            0,
            0,
            0,
            len(name),
            0,
            0,
            0,
            0,
            0o100644 << 16,
            len(local),
        )
        directory += _CENTRAL.pack(*header) + name
        local += LOCAL_HEADER.pack(b"PK\x03\x04", 20, 0x800, 0, 0, 0x21, 0, 0, 0, len(name), 0) + name
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, len(every), len(every), len(directory), len(local), 0)
    return bytes(local + directory + end)


def with_gap(data: bytes, name: str, gap: bytes) -> bytes:
    """The zip with foreign bytes before this entry, or after the last one."""
    end = data.rindex(b"PK\x05\x06")
    start = int.from_bytes(data[end + 16 : end + 20], "little")
    at = offset_of(data, name) if name else start
    directory = bytearray(data[start:end])
    place = 0
    while place < len(directory):
        header = list(_CENTRAL.unpack_from(directory, place))
        header[_FIELDS["offset"]] += len(gap) * (header[_FIELDS["offset"]] >= at)
        _CENTRAL.pack_into(directory, place, *header)
        place += _CENTRAL.size + sum(header[10:13])
    moved = (start + len(gap)).to_bytes(4, "little")
    return data[:at] + gap + data[at:start] + bytes(directory) + data[end : end + 16] + moved + data[end + 20 :]
