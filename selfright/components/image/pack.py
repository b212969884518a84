"""Puts a container image into a bundle: the files of an OCI layout that its index names, and nothing else.

The layout is a folder, or the `.tar` that `docker buildx build --output type=oci` and buildah (`oci-archive:`) write.
"""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from controller.domain.components.image.artifact import ImageArtifact
from controller.domain.components.image.layout import Files, read_layout
from controller.errors import InvalidBundleError
from selfright.packing.packing import Packed, Packing

SUFFIX = ".tar"


class Source(Files, Protocol):
    """A layout on this machine."""

    def open(self, path: str) -> IO[bytes]:
        """A file to read from; raises `InvalidBundleError` when it is missing."""

    def size(self, path: str) -> int:
        """Its size in bytes."""


def pack_image(packing: Packing, artifact: ImageArtifact) -> Packed:
    """Add the files of the layout. The digest of the index covers all files, because it has the digests of the others.

    Blobs are stored uncompressed, because layers are compressed already. Raises `InvalidBundleError`.
    """
    folder, place = artifact.artifact.removesuffix(SUFFIX), packing.place
    with _source(place) as source:
        layout = read_layout(source, str(place))
        for path in sorted(layout.files):
            if not source.has(path):
                reason = f"'{place}' has no '{path}', which its index names"
                raise InvalidBundleError(reason, "Build the image again; it is incomplete.")
            with source.open(path) as file:
                packing.add_stored(f"{folder}/{path}", file)
    return Packed(folder, layout.digest)


@contextmanager
def _source(place: Path) -> Iterator[Source]:
    if place.is_dir():
        yield _Folder(place)
    elif not place.exists():
        raise InvalidBundleError(f"the artifact '{place}' does not exist", "Build the image, or correct `artifact`.")
    else:
        try:
            with tarfile.open(place, "r:") as archive:
                yield _Tar(archive)
        except tarfile.TarError as error:
            reason = f"'{place}' is not a tar with a container image, or it is incomplete ({error})"
            step = "Build it again, uncompressed: its layers are compressed already."
            raise InvalidBundleError(reason, step) from error


class _Folder:
    """A layout in a folder. Links are not followed: every file is named by the layout itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, path: str) -> bool:
        place = self._folder / path
        return place.is_file() and not place.is_symlink()

    def size(self, path: str) -> int:
        return (self._folder / path).stat().st_size

    def open(self, path: str) -> IO[bytes]:
        return (self._folder / path).open("rb")

    def read(self, path: str, at_most: int) -> bytes:
        return _read(self, path, at_most)


class _Tar:
    """A layout in a tar, read in place; nothing is unpacked."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        files = (member for member in archive if member.isreg())
        self._members = {member.name.removeprefix("./"): member for member in files}

    def has(self, path: str) -> bool:
        return path in self._members

    def size(self, path: str) -> int:
        return self._members[path].size

    def open(self, path: str) -> IO[bytes]:
        file = self._archive.extractfile(self._members[path])
        assert file  # noqa: S101 - a regular file always has contents
        return file

    def read(self, path: str, at_most: int) -> bytes:
        return _read(self, path, at_most)


def _read(source: _Folder | _Tar, path: str, at_most: int) -> bytes:
    if not source.has(path):
        raise InvalidBundleError(f"'{path}' is missing from the image", "Build the image again; it is incomplete.")
    if (size := source.size(path)) > at_most:
        raise InvalidBundleError(f"'{path}' has {size:,} bytes; at most {at_most:,} are allowed", "Make it smaller.")
    with source.open(path) as file:
        return file.read()
