"""Lists what becomes a function's package: a folder as it is, with its symbolic links and its empty folders.

A link stays a link, because what it leads to finds its own packages beside its real place: so do pnpm and npm's
workspaces lay out their packages, in which copies would find nothing.
"""

import errno
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from controller.errors import InvalidBundleError
from selfright.packing.folder import (
    LEFT_OUT,
    Secret,
    Unusable,
    is_secret,
    plain_file,
    refuse_links,
    refuse_secret_files,
)
from selfright.packing.no_secrets import NOTHING, NoSecrets

BOOTSTRAP = "bootstrap"
"""What Lambda starts in a runtime of one's own."""
_BYTE_CODE = "*.pyc"
_PNPM_SPARE = re.compile(r"(^|/)node_modules/\.pnpm/node_modules/(@[^/]+/)?$")
"""Where pnpm keeps links to all packages that it has put anywhere."""


@dataclass(frozen=True)
class PackageEntry:
    """A file, a link, or an empty folder (whose path ends with "/") for a function's zip.

    `source` is its place on this machine; `link` is where a link leads, from its own folder.
    """

    path: str
    source: Path
    executable: bool = False
    link: str = ""


def list_package(folder: Path, *, allowed: NoSecrets = NOTHING) -> list[PackageEntry]:
    """What is in `folder`, sorted by path; raises `InvalidBundleError`.

    `allowed` takes what looks like a secret but is none.
    """
    found = list(_walk(folder, "", folder.resolve(), allowed))
    refuse_links([one for one in found if isinstance(one, Unusable)])
    refuse_secret_files([one for one in found if isinstance(one, Secret)], public=False)
    entries = sorted((one for one in found if isinstance(one, PackageEntry)), key=lambda entry: entry.path)
    if all(entry.path.endswith("/") for entry in entries):
        raise InvalidBundleError(f"the folder '{folder}' has no files", "Build the application first.")
    return entries


def _walk(folder: Path, prefix: str, root: Path, allowed: NoSecrets) -> Iterator[PackageEntry | Secret | Unusable]:
    with os.scandir(folder) as scanned:
        found = [*scanned]
    names = {entry.name for entry in found}
    is_empty = True
    for entry in found:
        path, place = f"{prefix}{entry.name}", Path(entry.path)
        if _is_left_out(entry.name, names) or _is_spare(prefix, place, root):
            continue
        is_empty = False
        if is_secret(place, path, allowed):
            yield Secret(path, place)
        elif entry.is_symlink():
            link = _link(place, root)
            yield link if isinstance(link, Unusable) else PackageEntry(path, place, link=link)
        elif entry.is_dir():
            yield from _walk(place, f"{path}/", root, allowed)
        else:
            file = plain_file(place, path)
            yield PackageEntry(path, place, file.executable or path == BOOTSTRAP)
    if prefix and is_empty:
        yield PackageEntry(prefix, folder)


def _is_left_out(name: str, names: Collection[str]) -> bool:
    """Whether tools left it behind; byte code without its source, beside which it would lie, is the module itself."""
    if fnmatch(name, _BYTE_CODE):
        return name[:-1] in names
    return any(fnmatch(name, pattern) for pattern in LEFT_OUT)


def _is_spare(prefix: str, link: Path, root: Path) -> bool:
    """Whether it is one of pnpm's links to every package of the workspace, for imports that no package declares.

    `pnpm deploy` makes them too, but copies only the packages that are declared.
    """
    if not _PNPM_SPARE.search(prefix) or not link.is_symlink():
        return False
    return not link.exists() or not link.resolve().is_relative_to(root)


def _link(link: Path, root: Path) -> str | Unusable:
    """Where a link leads, from its own folder; what it leads to is in the package as well. Or why it cannot be used."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # Python 3.11 raises RuntimeError for a circle
        if isinstance(error, RuntimeError) or error.errno == errno.ELOOP:
            return Unusable.leading_round(link)
        return Unusable.leading_nowhere(link)
    if not target.is_relative_to(root):
        return Unusable.leading_out(link, target)
    home = link.parent.resolve()
    if home.is_relative_to(target):
        return Unusable.leading_round(link)
    return os.path.relpath(target, home)
