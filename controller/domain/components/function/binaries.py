"""For which processor the compiled files of a function's zip are: Linux's programs say so in their first bytes."""

import re
import struct
from collections.abc import Collection, Iterator
from fnmatch import fnmatch
from typing import BinaryIO

from controller.domain.components.function.imports import is_imported
from controller.domain.printable import printable
from controller.domain.zip.directory import Directory, Entry
from controller.domain.zip.entry import contents

ARCHITECTURE_ADVICE = (
    "Build the code for the function's architecture (for Python: `pip install --platform manylinux2014_x86_64` or"
    " `manylinux2014_aarch64`, with `--only-binary :all:`), or change the function's architecture in its template. If"
    " nothing needs the file, leave it out of the package."
)
_BOOTSTRAP = "bootstrap"
_MOST = 50
"""So many folders with compiled files for another processor are looked at."""
_LIBRARIES = ("*.so", "*.so.*", "*.node")
_EXTENSION = re.compile(r"(.*)\.cpython-[0-9a-z]+-[0-9a-z_]+-linux-(?:gnu|musl)\.so")
"""A module of Python's, for a processor that the name tells: on another one, Python does not even see it."""
_SPARE = frozenset(
    {
        *("_speedups", "_yaml", "_wrappers", "_multidict", "_frozenlist", "_quoting_c", "_helpers_c", "_http_parser"),
        *("_http_writer", "_cython"),
    }
)
"""Those of MarkupSafe, PyYAML, wrapt, aiohttp and the like, which have the same in Python, too."""
_HEADER = struct.Struct("<4sBB10s2xH")
"""The magic, the class (64 bits), the byte order, what does not matter here, the type, the machine."""
_MAGIC, _WIDE, _LITTLE = b"\x7fELF", 2, 1
_MACHINES = {62: "x86_64", 183: "arm64"}
"""ELF's number → Lambda's name."""


def why_not_on(architecture: str, package: BinaryIO, directory: Directory, what: str) -> str:
    """Why the code in the zip `what` would not run on this architecture, as a sentence; "" when nothing says so.

    `bootstrap` must be for it. Of libraries there may be those for other processors beside them, as in packages that
    bring several; and what a package does without, or what nothing imports, is no reason.
    """
    for name, machine in _foreign(architecture, package, directory):
        if name == _BOOTSTRAP or is_imported(name, package, directory):
            return f"'{printable(name)}' in {what} is compiled for {machine}, and the function runs on {architecture}"
    return ""


def why_useless_on(architecture: str, package: BinaryIO, directory: Directory) -> str:
    """What should be known of compiled files that would not run, and that nothing imports, as a sentence; or ""."""
    for name, machine in _foreign(architecture, package, directory):
        if name != _BOOTSTRAP and not is_imported(name, package, directory):
            found = f"'{printable(name)}' is compiled for {machine}, and the function runs on {architecture}"
            return f"{found}: nothing in the package imports it, so it is taken for one that is not needed."
    return ""


def _foreign(architecture: str, package: BinaryIO, directory: Directory) -> list[tuple[str, str]]:
    """The compiled files for other processors that have nothing beside them, one of each package, with theirs."""
    names = {entry.name for entry in directory.entries}
    found: dict[str, tuple[str, str]] = {}
    for entry, machine in _machines(package, directory):
        if machine == architecture and entry.name != _BOOTSTRAP:
            return []
        if machine != architecture and not _is_spare(entry.name, names):
            found.setdefault(entry.name.rpartition("/")[0], (entry.name, machine))
            if entry.name == _BOOTSTRAP:
                break
    return list(found.values())[:_MOST]


def _machines(package: BinaryIO, directory: Directory) -> Iterator[tuple[Entry, str]]:
    """The compiled files with their architectures, `bootstrap` first; others are left out."""
    files = [pair for pair in directory.placed if _may_be_compiled(pair[0])]
    for entry, end in sorted(files, key=lambda pair: pair[0].name != _BOOTSTRAP):
        head = contents(package, entry, end).read(_HEADER.size)
        if len(head) == _HEADER.size:
            magic, width, order, _, machine = _HEADER.unpack(head)
            if (magic, width, order) == (_MAGIC, _WIDE, _LITTLE) and machine in _MACHINES:
                yield entry, _MACHINES[machine]


def _is_spare(name: str, names: Collection[str]) -> bool:
    """Whether it is a module of Python's that only makes a package faster, which does without it elsewhere."""
    found = _EXTENSION.fullmatch(name)
    if found is None:
        return False
    module = found[1].rpartition("/")[2]
    return f"{found[1]}.py" in names or module in _SPARE or module.endswith("__mypyc")


def _may_be_compiled(entry: Entry) -> bool:
    name = entry.name.rpartition("/")[2]
    if entry.is_link or entry.is_folder:
        return False
    return entry.name == _BOOTSTRAP or any(fnmatch(name, pattern) for pattern in _LIBRARIES)
