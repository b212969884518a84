"""Puts a function's code into a bundle: a folder becomes a zip, a `.zip` is added unchanged."""

import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from controller.domain.components.function.artifact import FunctionArtifact
from controller.errors import InvalidBundleError
from selfright.components.function.tree import PackageEntry, list_package
from selfright.packing.packing import Packed, Packing
from selfright.packing.zip import add, add_folder, add_link

_IN_MEMORY = 32 * 1024 * 1024
"""A function's zip up to this size (bytes) is made in memory."""


def pack_function(packing: Packing, artifact: FunctionArtifact) -> Packed:
    """Add the zip; raises `InvalidBundleError`."""
    if packing.place.is_file():
        with packing.place.open("rb") as code:
            return packing.add_stored(artifact.artifact, code)
    entries = list_package(packing.in_folder(), allowed=packing.allowed)
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as code:
        zip_function(code, entries)
        return packing.add_stored(f"{artifact.artifact}.zip", code)


def zip_function(target: IO[bytes], entries: Iterable[PackageEntry]) -> None:
    """Write a function's code as the zip that Lambda receives: everybody may read it, whatever the modes are here."""
    with zipfile.ZipFile(target, "w") as archive:
        for entry in entries:
            if entry.link:
                add_link(archive, entry.path, entry.link)
            elif entry.path.endswith("/"):
                add_folder(archive, entry.path)
            else:
                add(archive, entry.path, _contents(entry.source), executable=entry.executable)


def _contents(source: Path) -> bytes:
    try:
        return source.read_bytes()
    except PermissionError as error:
        raise InvalidBundleError(f"'{source}' cannot be read: {error.strerror}", "Give yourself that right.") from error
