"""Remembers what an artifact was built from, so that it is built again only when that has changed.

The stamps are in `.selfright/` beside `release.yaml`; after that folder is deleted, everything is built again. A stamp
has the digests of the inputs and the output: an artifact that was changed or deleted is built again, too.
"""

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import quote

from selfright.packing.folder import LEFT_OUT

FOLDER = ".selfright"
_FORM = "1"
"""Part of every digest: raise it when digests are computed differently."""
_NOT_A_SOURCE = (*LEFT_OUT, "node_modules", ".venv", "*.tsbuildinfo")
"""Files that installing and building leave behind."""
_READ_AT_MOST = 1024 * 1024
"""Bytes of a source in which a mark is looked for: programs and settings are smaller."""


@dataclass(frozen=True)
class Stamp:
    """The inputs and the output of one artifact's build."""

    file: Path
    inputs: str

    def fresh(self, artifact: Path) -> bool:
        """Whether the artifact is still what was built from these inputs."""
        try:
            recorded = json.loads(self.file.read_text())
        except (OSError, ValueError):
            return False
        return bool(recorded == {"inputs": self.inputs, "output": _output(artifact)})

    def write(self, artifact: Path) -> None:
        """Record the artifact that was just built."""
        home(self.file.parents[1].parent)
        self.file.parent.mkdir(exist_ok=True)
        draft = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        draft.write_text(json.dumps({"inputs": self.inputs, "output": _output(artifact)}))
        draft.replace(self.file)


def stamp(source: Path, artifact: str, inputs: str) -> Stamp:
    """The stamp of an artifact of the release folder `source`, whichever components it is for."""
    return Stamp(source / FOLDER / "builds" / f"{quote(artifact, safe='')}.json", inputs)


def home(source: Path) -> Path:
    """The folder of the stamps; version control ignores it."""
    folder = source / FOLDER
    folder.mkdir(exist_ok=True)
    ignored = folder / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n")
    return folder


def inputs_digest(words: Iterable[str], sources: Iterable[Path], artifact: Path) -> str:
    """A digest of words and of the files of `sources`; if the artifact is among these, it is left out."""
    total = hashlib.sha256(_FORM.encode())
    for word in words:
        total.update(f"\0{len(word)}:{word}".encode())
    for number, place in enumerate(sources):
        total.update(f"\0{number}:{_tree(place, _NOT_A_SOURCE, artifact)}".encode())
    return total.hexdigest()


def mentioned(words: Iterable[str], places: Iterable[Path], artifact: Path) -> set[str]:
    """The words that a source among these files and folders has; very large files are not read."""
    left = {word: word.encode(errors="surrogateescape") for word in words}
    found: set[str] = set()
    for file in {file for place in places for file in files_in(place, artifact)}:
        if file.is_file() and file.stat().st_size <= _READ_AT_MOST:
            data = file.read_bytes()
            found |= {word for word, mark in left.items() if word not in found and mark in data}
    return found


def files_in(place: Path, without: Path | None = None) -> Iterator[Path]:
    """The files below `place`, or `place` itself, that may be sources."""
    return _files(place, _NOT_A_SOURCE, without)


def _output(artifact: Path) -> str:
    return _tree(artifact, LEFT_OUT)


def _tree(place: Path, left_out: Collection[str], without: Path | None = None) -> str:
    """A digest of all files below `place`: their paths, contents and whether they are executable."""
    total = hashlib.sha256()
    for file in sorted(_files(place, left_out, without)):
        total.update(f"{file.relative_to(place).as_posix()}\0{_contents(file)}\0".encode(errors="surrogateescape"))
    return total.hexdigest()


def _files(place: Path, left_out: Collection[str], without: Path | None) -> Iterator[Path]:
    if place.is_dir() and not place.is_symlink():
        for entry in place.iterdir():
            if entry != without and not any(fnmatch(entry.name, pattern) for pattern in left_out):
                yield from _files(entry, left_out, without)
    elif place.exists() or place.is_symlink():
        yield place


def _contents(file: Path) -> str:
    if file.is_symlink():
        return f"→{file.readlink()}"
    if not file.is_file():
        return "special"
    with file.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    return f"{sha256}{'x' if os.access(file, os.X_OK) else ''}"
