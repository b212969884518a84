"""Whether anything in a function's package imports a compiled file, by what its sources say.

Packages for Node.js bring compiled files that only make them faster, and Python's may be left over from a dependency
that is gone. What nothing imports cannot fail. In doubt, a file counts as needed: where no installer has noted that it
brought it, in packages that are too large to read, and where another language may load it.
"""

import re
from dataclasses import dataclass
from typing import BinaryIO

from controller.domain.zip.directory import Directory
from controller.domain.zip.entry import contents

_BYTES, _FILES = 64 * 1024 * 1024, 20_000
"""So much of a package's sources is read."""
_NOTES, _NOTE_BYTES = 1_000, 4 * 1024 * 1024
"""So many of pip's notes are read, and of so many bytes."""
_NODE = re.compile(r"((?:.*/)?node_modules/)((?:@[^/]+/)?[^/]+)/")
_PLATFORM = re.compile(r"[-/.](?:linux|linuxmusl|darwin|win32|android|freebsd|x64|x86_64|arm64|aarch64)\b.*")
"""The end of a name that programs put together for the machine on which they are: `@img/sharp-linux-x64`."""
_SCRIPTS, _MODULES = (".js", ".cjs", ".mjs"), (".py", ".pyc")


@dataclass(frozen=True)
class _Owner:
    """The package that brings a compiled file: its folders, in which kinds of files others import it, and by what."""

    folders: tuple[str, ...]
    suffixes: tuple[str, ...]
    imports: re.Pattern[bytes]


def is_imported(name: str, package: BinaryIO, directory: Directory) -> bool:
    """Whether a source outside of the compiled file's own package imports that, or it cannot be known."""
    owner = _owner(name, {entry.name for entry in directory.entries})
    if owner is None:
        return True
    if owner.suffixes == _MODULES and not _is_installed(name, package, directory):
        return True  # It may be the application's own, even the handler, which only Lambda imports.
    sources = [
        (entry, end)
        for entry, end in directory.placed
        if entry.name.endswith(owner.suffixes) and not entry.name.startswith(owner.folders) and not entry.is_link
    ]
    if len(sources) > _FILES or sum(entry.size for entry, _ in sources) > _BYTES:
        return True
    return any(owner.imports.search(contents(package, entry, end).read()) for entry, end in sources)


def _is_installed(name: str, package: BinaryIO, directory: Directory) -> bool:
    """Whether pip has noted that it brought this file."""
    notes = [
        (entry, end)
        for entry, end in directory.placed
        if entry.name.endswith(".dist-info/RECORD") and entry.size <= _NOTE_BYTES
    ]
    listed = re.compile(rb"^" + re.escape(name.encode()) + rb",", re.MULTILINE)
    return any(listed.search(contents(package, entry, end).read()) for entry, end in notes[:_NOTES])


def _owner(name: str, names: set[str]) -> _Owner | None:
    """Who brings the file; None when that is no package that could be imported, but a part of the application."""
    if found := _NODE.match(name):
        place, of_node = found.groups()
        stem = re.escape(_PLATFORM.sub("", of_node).encode())
        return _Owner((f"{place}{of_node}/",), _SCRIPTS, re.compile(rb"[\"'`]" + stem + rb"[\"'`/-]"))
    top = name.partition("/")[0]
    module = top.partition(".")[0] if "/" not in name else top.removesuffix(".libs")
    is_package = "/" not in name or f"{module}/__init__.py" in names or f"{module}/__init__.pyc" in names
    if not is_package or not module.isidentifier() or module.startswith("lib"):
        return None
    return _Owner((f"{module}/", f"{module}.libs/"), _MODULES, re.compile(rb"\b" + re.escape(module.encode()) + rb"\b"))
