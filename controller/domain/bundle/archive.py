"""A bundle, read with suspicion: nothing is believed before it was checked, memory and time are bounded.

What reads one kind of artifact is imported when there is one: a cold function waits for no other kind's.
"""
# ruff: noqa: PLC0415 - see above

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from controller.domain.bundle.artifacts import (
    MANIFEST_NAME,
    Artifact,
    FunctionArtifact,
    ImageArtifact,
    ParametersArtifact,
    SiteArtifact,
    StackArtifact,
)
from controller.domain.zip.directory import STORED, Entry, read_directory
from controller.domain.zip.entry import Inflating, Window, data_start
from controller.domain.zip.rules import check_entries
from controller.errors import InvalidBundleError

if TYPE_CHECKING:
    from controller.domain.bundle.manifest import Manifest
    from controller.domain.components.image.layout import Layout
    from controller.domain.components.parameters.values import Parameters
    from controller.domain.components.site.index import SiteIndex
    from controller.domain.components.stack.templates import Template

_MIB = 1024 * 1024
_CHUNK = 1 * _MIB
_END = 4
"""How many of a file's last bytes are kept: the size that gzip notes there."""
_AGAIN = "Make the bundle again with `selfright bundle` and upload that file as it is."


@dataclass(frozen=True)
class Limits:
    """What a bundle may at most be. Sizes in bytes; `ratio` is unpacked to packed size of one file.

    Time and memory follow from these: the contents are read once, in chunks.
    """

    bundle_bytes: int = 2000 * _MIB
    unpacked_bytes: int = 2500 * _MIB
    entry_bytes: int = 300 * _MIB
    layer_bytes: int = 1000 * _MIB
    """One layer of a container image, or another of its blobs."""
    entries: int = 20_000
    ratio: int = 200
    index_bytes: int = 16 * _MIB
    function_unpacked_bytes: int = 250 * _MIB
    """Lambda's own limit for a function's code."""
    function_entries: int = 50_000


class BundleArchive:
    """A bundle's zip file. Opening checks its structure, `verify` its contents.

    Works on any seekable file and reads it in order, once; not for several threads at a time.
    """

    def __init__(self, file: BinaryIO, limits: Limits | None = None) -> None:
        """Open the bundle in `file`; raises `InvalidBundleError`."""
        self._file, self._limits = file, limits or Limits()
        size = file.seek(0, 2)
        if size > self._limits.bundle_bytes:
            allowed = f"{self._limits.bundle_bytes:,}"
            raise InvalidBundleError(
                f"the bundle has {size:,} bytes; at most {allowed} are allowed", "Make it smaller."
            )
        directory = read_directory(file, "the bundle", self._limits.entries)
        check_entries(
            directory.entries,
            "the bundle",
            max_entry=max(self._limits.entry_bytes, self._limits.layer_bytes),
            max_total=self._limits.unpacked_bytes,
            max_ratio=self._limits.ratio,
        )
        ends = [*(entry.offset for entry in directory.entries[1:]), directory.end]
        files = zip(directory.entries, ends, strict=False)
        self._entries = {entry.name: (entry, end) for entry, end in files if not entry.is_folder}

    @property
    def names(self) -> tuple[str, ...]:
        """The paths of all files, in the order in which they lie in the bundle."""
        return tuple(self._entries)

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return name in self._entries

    def manifest(self) -> "Manifest":
        """The manifest; raises `InvalidBundleError` when it is missing or invalid."""
        from controller.domain.bundle.manifest import parse_manifest

        return parse_manifest(self._manifest())

    def digest(self) -> str:
        """The release's SHA-256 in hex: the manifest's, which holds the digests of everything else."""
        return hashlib.sha256(self._manifest()).hexdigest()

    def index(self, artifact: SiteArtifact) -> "SiteIndex":
        """The index of a site's files; raises `InvalidBundleError`."""
        from controller.domain.components.site.index import parse_index

        return parse_index(self.read(artifact.index, at_most=self._limits.index_bytes))

    def parameters(self, artifact: ParametersArtifact) -> "Parameters":
        """The names and values of a parameters artifact; raises `InvalidBundleError`."""
        from controller.domain.bundle.strict_yaml import MAX_BYTES
        from controller.domain.components.parameters.values import parse_parameters

        return parse_parameters(self.read(artifact.artifact, at_most=MAX_BYTES), artifact.artifact)

    def template(self, artifact: StackArtifact) -> "Template":
        """A stack's template; raises `InvalidBundleError`."""
        from controller.domain.components.stack.templates import MAX_BYTES as MAX_TEMPLATE_BYTES
        from controller.domain.components.stack.templates import parse_template

        return parse_template(self.read(artifact.artifact, at_most=MAX_TEMPLATE_BYTES), artifact.artifact)

    def layout(self, artifact: ImageArtifact) -> "Layout":
        """What a container image's layout consists of; raises `InvalidBundleError`."""
        from controller.domain.components.image.layout import read_layout

        return read_layout(_Folder(self, artifact.artifact), artifact.artifact)

    def read(self, name: str, at_most: int) -> bytes:
        """A whole file of at most so many bytes; raises `InvalidBundleError` when it is missing or larger."""
        if (size := self._find(name).size) > at_most:
            raise InvalidBundleError(
                f"'{name}' has {size:,} bytes; at most {at_most:,} are allowed", "Make it smaller."
            )
        with self.stream(name) as stream:
            return stream.read()

    @contextmanager
    def stream(self, name: str) -> Iterator[BinaryIO]:
        """A file's contents, to be read in order; a stored one (a function's zip) is seekable as well."""
        entry = self._find(name)
        start, size = self.raw(name)
        window = Window(self._file, start, size)
        yield cast("BinaryIO", window if entry.method == STORED else Inflating(window, entry))

    def raw(self, name: str) -> tuple[int, int]:
        """Where in the bundle a file's packed data begins, and its size."""
        entry = self._find(name)
        return data_start(self._file, entry, self._entries[name][1]), entry.packed

    def verify(self, manifest: "Manifest") -> None:
        """Compare all contents with the manifest's digests; raises `InvalidBundleError` for the first difference.

        What can be told from names and sizes is checked first; then every file is read once, in the bundle's order.
        """
        expected: dict[str, _Expected] = {}
        for name, artifact in manifest.components.items():
            expected |= self._files_of(artifact, f"components.{name}")
        self._refuse_unlisted(manifest, expected)
        functions = {one.artifact for one in manifest.components.values() if isinstance(one, FunctionArtifact)}
        ends: dict[str, bytes] = {}
        for name, (entry, _) in self._entries.items():
            if name in expected:
                ends[name] = self._verify_contents(entry, expected[name])
            if name in functions:
                self._verify_function(name)
        for artifact in manifest.components.values():
            if isinstance(artifact, ImageArtifact):
                self._verify_images(artifact, ends)

    def _files_of(self, artifact: Artifact, where: str) -> Mapping[str, "_Expected"]:
        """The files that an artifact consists of; an index, parameters and a template are checked on the way."""
        if isinstance(artifact, FunctionArtifact):
            self._require(artifact.artifact, where)
            return {artifact.artifact: _Expected(artifact.sha256)}
        if isinstance(artifact, ParametersArtifact):
            self._require(artifact.artifact, where)
            self.parameters(artifact)
            return {artifact.artifact: _Expected(artifact.sha256)}
        if isinstance(artifact, StackArtifact):
            self._require(artifact.artifact, where)
            self.template(artifact)
            return {artifact.artifact: _Expected(artifact.sha256)}
        self._require(artifact.index, where)
        if isinstance(artifact, ImageArtifact):
            return self._files_of_image(artifact)
        index = self.index(artifact)
        if index.digest != artifact.sha256:
            raise _differs(artifact.index, "the digest in the manifest")
        files = {f"{artifact.artifact}/{path}": file for path, file in index.files.items()}
        for name, file in files.items():
            self._require(name, artifact.index)
            if self._entries[name][0].size != file.size:
                raise _differs(name, "the size in the site's index")
        return {name: _Expected(file.sha256, file.md5) for name, file in files.items()}

    def _files_of_image(self, artifact: ImageArtifact) -> Mapping[str, "_Expected"]:
        """All files of the layout; its documents are checked on the way, and what Lambda would not take is refused."""
        from controller.domain.components.image.rules import refuse_unsupported

        layout = self.layout(artifact)
        if layout.digest != artifact.sha256:
            raise _differs(artifact.index, "the digest in the manifest")
        for image in layout.images:
            refuse_unsupported(image, artifact.artifact)
        files = {f"{artifact.artifact}/{path}": file for path, file in layout.files.items()}
        for name, (_, size) in files.items():
            self._require(name, artifact.index)
            if self._entries[name][0].size != size:
                raise _differs(name, "the size in the image's manifest")
        return {name: _Expected(sha256, at_most=self._limits.layer_bytes) for name, (sha256, _) in files.items()}

    def _manifest(self) -> bytes:
        from controller.domain.bundle.strict_yaml import MAX_BYTES

        return self.read(MANIFEST_NAME, at_most=MAX_BYTES)

    def _refuse_unlisted(self, manifest: "Manifest", expected: Mapping[str, "_Expected"]) -> None:
        indexes = {artifact.index for artifact in manifest.components.values() if isinstance(artifact, SiteArtifact)}
        listed = expected.keys() | indexes | {MANIFEST_NAME}
        if name := next((name for name in self._entries if name not in listed), None):
            reason = f"'{name}' is in the bundle, but belongs to no artifact of {MANIFEST_NAME}"
            raise InvalidBundleError(reason, _AGAIN)

    def _verify_contents(self, entry: Entry, expected: "_Expected") -> bytes:
        """Read a file and compare it; its last bytes."""
        if entry.size > (at_most := expected.at_most or self._limits.entry_bytes):
            reason = f"'{entry.name}' unpacks to {entry.size:,} bytes; at most {at_most:,} are allowed"
            raise InvalidBundleError(reason, "Make the file smaller.")
        end = b""
        sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        with self.stream(entry.name) as stream:
            while chunk := stream.read(_CHUNK):
                sha256.update(chunk)
                end = (end + chunk)[-_END:] if len(chunk) < _END else chunk[-_END:]
                if expected.md5:
                    md5.update(chunk)
        if sha256.hexdigest() != expected.sha256 or (expected.md5 and md5.hexdigest() != expected.md5):
            raise _differs(entry.name, "its digest")
        return end

    def _verify_images(self, artifact: ImageArtifact, ends: Mapping[str, bytes]) -> None:
        """Refuse what is too large for Lambda; only the ends of the layers tell how large they are when unpacked."""
        from controller.domain.components.image.rules import refuse_too_large

        inside = {name.removeprefix(f"{artifact.artifact}/"): end for name, end in ends.items()}
        for image in self.layout(artifact).images:
            refuse_too_large(image, inside, artifact.artifact)

    def _verify_function(self, name: str) -> None:
        """Check a function's own zip by its directory; Lambda unpacks it, and the digest has pinned its contents."""
        if self._find(name).method != STORED:
            raise InvalidBundleError(f"'{name}' is compressed a second time; it must be stored as it is", _AGAIN)
        limits = self._limits
        with self.stream(name) as stream:
            directory = read_directory(stream, f"'{name}'", limits.function_entries)
        if not directory.entries:
            raise InvalidBundleError(f"'{name}' is empty: the function has no code", "Add the code.")
        total = limits.function_unpacked_bytes
        check_entries(directory.entries, f"'{name}'", max_entry=total, max_total=total, max_ratio=limits.ratio)

    def _require(self, name: str, where: str) -> None:
        if name not in self._entries:
            raise InvalidBundleError(f"'{name}', which {where} names, is not in the bundle", _AGAIN)

    def _find(self, name: str) -> Entry:
        if name not in self._entries:
            raise InvalidBundleError(f"'{name}' is not in the bundle", _AGAIN)
        return self._entries[name][0]


@dataclass(frozen=True, slots=True)
class _Expected:
    """The digests that a file must have, in hex, and its greatest size when it has one of its own."""

    sha256: str
    md5: str = ""
    at_most: int = 0


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder of the bundle, for those who know only paths within it."""

    archive: BundleArchive
    path: str

    def has(self, path: str) -> bool:
        return self.archive.has(f"{self.path}/{path}")

    def read(self, path: str, at_most: int) -> bytes:
        return self.archive.read(f"{self.path}/{path}", at_most)


def _differs(name: str, what: str) -> InvalidBundleError:
    return InvalidBundleError(f"'{name}' does not match {what}: it was changed after the bundle was made", _AGAIN)
