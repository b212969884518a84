"""Puts a function's code into a bundle: a folder becomes a zip, a `.zip` is added unchanged."""

import tempfile
import zipfile
from collections.abc import Iterable
from typing import IO

from controller.domain.components.function.artifact import FunctionArtifact
from selfright.packing.folder import SourceFile
from selfright.packing.packing import Packed, Packing
from selfright.packing.zip import add

_IN_MEMORY = 32 * 1024 * 1024
"""A function's zip up to this size (bytes) is made in memory."""


def pack_function(packing: Packing, artifact: FunctionArtifact) -> Packed:
    """Add the zip; raises `InvalidBundleError`."""
    if packing.place.is_file():
        with packing.place.open("rb") as code:
            return packing.add_stored(artifact.artifact, code)
    files = packing.folder()
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as code:
        zip_function(code, files)
        return packing.add_stored(f"{artifact.artifact}.zip", code)


def zip_function(target: IO[bytes], files: Iterable[SourceFile]) -> None:
    """Write a function's code as the zip that Lambda receives."""
    with zipfile.ZipFile(target, "w") as archive:
        for file in files:
            add(archive, file.path, file.source.read_bytes(), executable=file.executable)
