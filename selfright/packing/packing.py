"""Packs one artifact of any kind of component into a bundle."""

import hashlib
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Any

from controller.domain.components.artifact import MANIFEST_NAME
from controller.errors import InvalidBundleError
from selfright.packing.folder import LeavesOut, Secret, SourceFile, leaves_out_tools, list_files
from selfright.packing.no_secrets import NOTHING, NoSecrets
from selfright.packing.zip import add, add_stored


def alike(place: Path) -> str:
    """What in its folder may be meant by a place that does not exist, in brackets; "" when nothing is alike."""
    with suppress(OSError):
        found = get_close_matches(place.name, [one.name for one in place.parent.iterdir()], n=1, cutoff=0.8)
        return f" (there is '{found[0]}')" if found else ""
    return ""


@dataclass(frozen=True)
class Packed:
    """The manifest's entry for a packed artifact: its path in the bundle, the SHA-256 in hex, and keys of its kind."""

    artifact: str
    sha256: str
    keys: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Packing:
    """The bundle that is being made, and the artifact's place on this machine (`place`).

    `allowed` takes what looks like a secret but is none.
    """

    archive: zipfile.ZipFile
    place: Path
    allowed: NoSecrets = NOTHING

    def folder(self, leaves_out: LeavesOut = leaves_out_tools) -> list[SourceFile | Secret]:
        """The files of the artifact, which must be a folder, and its secrets; raises `InvalidBundleError`."""
        return list_files(self.in_folder(), allowed=self.allowed, leaves_out=leaves_out)

    def in_folder(self) -> Path:
        """The place of the artifact, which must be a folder; raises `InvalidBundleError`."""
        if not self.place.is_dir():
            what = "is not a folder" if self.place.exists() else f"does not exist{alike(self.place)}"
            advice = f"Build it, or correct `artifact` in {MANIFEST_NAME}."
            raise InvalidBundleError(f"the artifact '{self.place}' {what}", advice)
        return self.place

    def file(self, advice: str) -> bytes:
        """The contents of the artifact, which must be a file; `advice` is the next step if it is not.

        Raises `InvalidBundleError`.
        """
        if not self.place.is_file():
            what = "is not a file" if self.place.exists() else f"does not exist{alike(self.place)}"
            raise InvalidBundleError(f"the artifact '{self.place}' {what}", advice)
        return self.place.read_bytes()

    def add(self, path: str, data: bytes) -> Packed:
        """Add a file to the bundle."""
        add(self.archive, path, data)
        return Packed(path, hashlib.sha256(data).hexdigest())

    def add_stored(self, path: str, data: IO[bytes]) -> Packed:
        """Add a large file uncompressed, so that it can be read in place."""
        size = data.seek(0, 2)
        data.seek(0)
        return Packed(path, add_stored(self.archive, path, data, size))
