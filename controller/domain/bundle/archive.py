"""Reads a bundle that is not trusted: everything is checked before it is used, memory and time are bounded.

Code that reads one kind of artifact is imported only when the bundle has one: this keeps cold starts short.
"""
# ruff: noqa: PLC0415 - see above

import hashlib
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from controller.domain.components.artifact import MANIFEST_NAME
from controller.domain.components.contents import ExpectedContents, Read, differs
from controller.domain.zip.directory import AGAIN, STORED, Entry, read_directory
from controller.domain.zip.entry import Inflating, Window, data_start
from controller.domain.zip.gunzip import Gunzip
from controller.domain.zip.rules import MAX_RATIO, check_entries
from controller.errors import InvalidBundleError

if TYPE_CHECKING:
    from controller.domain.bundle.manifest import Manifest
    from controller.domain.components.artifact import Artifact

_MIB = 1024 * 1024
_CHUNK = 1 * _MIB
_ADDED = 1 + 50
"""What Selfright adds at most to the files of a release: the manifest, and an index for each component."""
_FEWER_FILES = (
    "Leave out what visitors do not need (a site's `exclude` in release.yaml), such as source maps, or give what seldom"
    " changes, such as pictures or old pages, an application of its own."
)


@dataclass(frozen=True)
class BundleLimits:
    """The limits of a bundle. Sizes are in bytes; `ratio` is the unpacked size of a file by its packed size.

    They bound time and memory too: the contents are read once, in chunks.
    """

    bundle_bytes: int = 2000 * _MIB
    unpacked_bytes: int = 2500 * _MIB
    entry_bytes: int = 300 * _MIB
    largest_bytes: int = 1000 * _MIB
    """The limit of files whose kind allows more than `entry_bytes`: the layers of a container image."""
    files: int = 20_000
    """The files of a release: those that people put into it, without what Selfright adds (the manifest, indexes)."""
    ratio: int = MAX_RATIO
    gzip_bytes: int = 20 * 1024 * _MIB
    """The limit of what all layers of container images in it unpack to."""


class BundleArchive:
    """A bundle's zip file. Opening checks its structure, `verify` its contents.

    It works on any seekable file and reads it once, in order. It is not thread-safe.
    """

    def __init__(self, file: BinaryIO, limits: BundleLimits | None = None) -> None:
        """Open the bundle in `file`; raises `InvalidBundleError`."""
        self._file, self._limits = file, limits or BundleLimits()
        size = file.seek(0, 2)
        if size > self._limits.bundle_bytes:
            allowed = f"{self._limits.bundle_bytes:,}"
            raise InvalidBundleError(
                f"the bundle has {size:,} bytes; at most {allowed} are allowed", "Make it smaller."
            )
        directory = read_directory(file, "the bundle", self._limits.files, besides=_ADDED, fewer=_FEWER_FILES)
        check_entries(
            directory.entries,
            "the bundle",
            max_entry=max(self._limits.entry_bytes, self._limits.largest_bytes),
            max_total=self._limits.unpacked_bytes,
            max_ratio=self._limits.ratio,
        )
        every = list(directory.placed)
        self._entries = {entry.name: (entry, end) for entry, end in every if not entry.is_folder}
        self._folders = [(entry, end) for entry, end in every if entry.is_folder]
        self._known: dict[str, Any] = {}
        self._starts: dict[str, int] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The paths of all files, in their order in the bundle."""
        return tuple(self._entries)

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return name in self._entries

    def manifest(self) -> "Manifest":
        """The manifest; raises `InvalidBundleError` when it is missing or invalid."""
        from controller.domain.bundle.manifest import parse_manifest
        from controller.domain.reading.costly import read_within_limits

        return read_within_limits(lambda: parse_manifest(self._manifest), len(self._manifest), MANIFEST_NAME)

    def digest(self) -> str:
        """The release's SHA-256 in hex: that of the manifest, which holds the digests of everything else."""
        return hashlib.sha256(self._manifest).hexdigest()

    def size(self, name: str) -> int:
        """The size of a file in bytes, unpacked; raises `InvalidBundleError` when it is missing."""
        return self._find(name).size

    def is_stored(self, name: str) -> bool:
        """Whether the bundle holds a file uncompressed: then its stream is seekable."""
        return self._find(name).method == STORED

    def once(self, name: str, read: Callable[[], Read]) -> Read:
        """The result of `read` for the file or folder `name`; only the first call calls it."""
        if name not in self._known:
            self._known[name] = read()
        return cast("Read", self._known[name])

    def read(self, name: str, at_most: int) -> bytes:
        """A whole file of at most `at_most` bytes; raises `InvalidBundleError` when it is missing or larger."""
        if (size := self._find(name).size) > at_most:
            raise InvalidBundleError(
                f"'{name}' has {size:,} bytes; at most {at_most:,} are allowed", "Make it smaller."
            )
        with self.stream(name) as stream:
            return stream.read()

    @contextmanager
    def stream(self, name: str) -> Iterator[BinaryIO]:
        """A file's contents, to be read in order; the stream of a stored file (a function's zip) is also seekable."""
        entry = self._find(name)
        start, size = self.raw(name)
        window = Window(self._file, start, size)
        yield cast("BinaryIO", window if entry.method == STORED else Inflating(window, entry))

    def raw(self, name: str) -> tuple[int, int]:
        """The position in the bundle of a file's packed data, and its size in bytes."""
        entry = self._find(name)
        if name not in self._starts:
            self._starts[name] = data_start(self._file, entry, self._entries[name][1])
        return self._starts[name], entry.packed

    def verify(self, manifest: "Manifest") -> None:
        """Compare all contents with the manifest's digests; raises `InvalidBundleError` for the first difference.

        Names and sizes are checked first; then every file is read once, in the bundle's order.
        """
        files = {name: one.files(self, f"components.{name}") for name, one in manifest.components.items()}
        expected = {path: one for each in files.values() for path, one in each.items()}
        self._refuse_unlisted(manifest, expected)
        complete = defaultdict[str, list["Artifact"]](list)
        for component, each in files.items():
            if each:
                complete[self._last_of(each)].append(manifest.components[component])
        for folder, end in self._folders:
            data_start(self._file, folder, end)
        unpacked: dict[str, int] = {}
        for name, (entry, _) in self._entries.items():
            if size := self._verify_contents(entry, expected.get(name, ExpectedContents(""))):
                unpacked[name] = size
                self._refuse_too_much(unpacked)
            for artifact in complete.get(name, ()):
                artifact.verify(self, unpacked)

    def _last_of(self, files: Mapping[str, ExpectedContents]) -> str:
        """The file of these that is last in the bundle."""
        return max(files, key=lambda name: self._find(name).offset)

    @cached_property
    def _manifest(self) -> bytes:
        from controller.domain.reading.strict_yaml import MAX_BYTES

        return self.read(MANIFEST_NAME, at_most=MAX_BYTES)

    def _refuse_unlisted(self, manifest: "Manifest", expected: Mapping[str, ExpectedContents]) -> None:
        notes = {note for artifact in manifest.components.values() for note in artifact.notes}
        if (count := len(self._entries.keys() - notes - {MANIFEST_NAME})) > self._limits.files:
            reason = f"the bundle has {count:,} files; at most {self._limits.files:,} are allowed"
            raise InvalidBundleError(reason, _FEWER_FILES)
        listed = expected.keys() | notes | {MANIFEST_NAME}
        if name := next((name for name in self._entries if name not in listed), None):
            reason = f"'{name}' is in the bundle, but belongs to no artifact of {MANIFEST_NAME}"
            raise InvalidBundleError(reason, AGAIN)

    def _refuse_too_much(self, unpacked: Mapping[str, int]) -> None:
        if sum(unpacked.values()) > self._limits.gzip_bytes:
            reason = f"the layers in the bundle unpack to more than {self._limits.gzip_bytes / 1024**3:.0f} GiB"
            raise InvalidBundleError(reason, "Release fewer or smaller images at once.")

    def _verify_contents(self, entry: Entry, expected: ExpectedContents) -> int:
        """Read a file, and compare it with its checksum and digests; returns what a gzip file unpacks to, else 0."""
        if entry.size > (at_most := expected.at_most or self._limits.entry_bytes):
            reason = f"'{entry.name}' unpacks to {entry.size:,} bytes; at most {at_most:,} are allowed"
            raise InvalidBundleError(reason, "Make the file smaller.")
        crc, sha256, md5 = 0, hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        gunzip = Gunzip(entry.name, expected.unpacked_at_most) if expected.unpacked_at_most else None
        trouble: InvalidBundleError | None = None
        with self.stream(entry.name) as stream:
            while chunk := stream.read(_CHUNK):
                crc = zlib.crc32(chunk, crc)
                sha256.update(chunk)
                if expected.md5:
                    md5.update(chunk)
                if gunzip and not trouble:
                    trouble = _damage(gunzip, chunk)
        if crc != entry.crc:
            raise InvalidBundleError(f"'{entry.name}' cannot be unpacked: its checksum does not match", AGAIN)
        is_another = sha256.hexdigest() != expected.sha256 or (expected.md5 and md5.hexdigest() != expected.md5)
        if expected.sha256 and is_another:
            raise differs(entry.name, "its digest")
        if trouble:
            raise trouble
        return gunzip.finish() if gunzip else 0

    def _find(self, name: str) -> Entry:
        if name not in self._entries:
            raise InvalidBundleError(f"'{name}' is not in the bundle", AGAIN)
        return self._entries[name][0]


def _damage(gunzip: Gunzip, chunk: bytes) -> InvalidBundleError | None:
    """What is wrong with the next bytes of a gzip file; a wrong digest says more, so this is said after it."""
    try:
        gunzip.feed(chunk)
    except InvalidBundleError as error:
        return error
    return None
