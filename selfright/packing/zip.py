"""Writes reproducible zips: the same files always give the same bytes."""

import hashlib
import stat
import zipfile
from pathlib import PurePosixPath
from typing import IO

_TIMESTAMP = (1980, 1, 1, 0, 0, 0)
"""The oldest time stamp that a zip can have; real ones would differ between builds."""
_UNIX = 3
_IS_FOLDER = 0x10
"""The attribute of a folder on systems that know no Unix modes."""
_LEVEL = 6
_CHUNK = 1024 * 1024
_IMAGES = {".avif", ".gif", ".jpeg", ".jpg", ".png", ".webp"}
_MEDIA = {".mp3", ".mp4", ".ogg", ".webm", ".woff", ".woff2"}
_ARCHIVES = {".7z", ".br", ".bz2", ".gz", ".jar", ".whl", ".xz", ".zip", ".zst"}
_COMPRESSED = _IMAGES | _MEDIA | _ARCHIVES


def add(archive: zipfile.ZipFile, path: str, data: bytes, *, executable: bool = False, stored: bool = False) -> None:
    """Add a file, compressed unless its format is compressed already."""
    info = _info(path, executable=executable)
    uncompressed = stored or PurePosixPath(path).suffix.lower() in _COMPRESSED
    archive.writestr(info, data, zipfile.ZIP_STORED if uncompressed else zipfile.ZIP_DEFLATED, _LEVEL)


def add_link(archive: zipfile.ZipFile, path: str, target: str) -> None:
    """Add a symbolic link; `target` is relative to its folder."""
    info = _info(path, executable=True)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, target.encode(), zipfile.ZIP_STORED)


def add_folder(archive: zipfile.ZipFile, path: str) -> None:
    """Add an empty folder, whose path ends with "/"."""
    info = _info(path, executable=True)
    info.external_attr = (stat.S_IFDIR | 0o755) << 16 | _IS_FOLDER
    archive.writestr(info, b"", zipfile.ZIP_STORED)


def add_stored(archive: zipfile.ZipFile, path: str, source: IO[bytes], size: int) -> str:
    """Add a large file uncompressed, so that it can be read in place; returns its SHA-256 in hex."""
    info = _info(path, executable=False)
    info.file_size = size
    sha256 = hashlib.sha256()
    with archive.open(info, "w") as target:
        while chunk := source.read(_CHUNK):
            sha256.update(chunk)
            target.write(chunk)
    return sha256.hexdigest()


def _info(path: str, *, executable: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, _TIMESTAMP)
    info.create_system = _UNIX
    info.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
    return info
