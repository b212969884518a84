"""Lists the files of a folder for a bundle, and refuses files that should not leave the machine.

Left out silently: files of tools (`__pycache__`, `.DS_Store` …) and of version control. Refused: anything that looks
like a secret, leads out of the folder, or is not a plain file.
"""

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from controller.domain.zip.rules import why_unsafe
from controller.errors import InvalidBundleError

LEFT_OUT = (
    "__pycache__",
    "*.pyc",
    ".DS_Store",
    "Thumbs.db",
    ".git",
    ".gitignore",
    ".gitattributes",
    ".gitkeep",
    ".hg",
    ".svn",
    ".idea",
    ".vscode",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".selfright",
)
"""Names that are always left out: files of tools and version control."""
_SECRET_NAMES = (
    ".env",
    ".env.*",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".aws",
    ".ssh",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "*.p12",
    "*.pfx",
    "*.keystore",
    "*.jks",
)
_HARMLESS = (".env.example", ".env.sample", ".env.template")
_KEY_FILES = ("*.pem", "*.key")
"""May hold a certificate, which is public, or a private key: the contents decide."""
_KEY_MARK = b"PRIVATE KEY-----"
_KEY_BYTES = 64 * 1024


@dataclass(frozen=True)
class SourceFile:
    """A file for the bundle: its path there, its place on this machine, and whether it is executable."""

    path: str
    source: Path
    executable: bool


def list_files(folder: Path, *, allowed: Collection[str] = ()) -> list[SourceFile]:
    """The files of `folder`, sorted by path; raises `InvalidBundleError`.

    `allowed`: paths or patterns of files that look like secrets but are none.
    """
    root = folder.resolve()
    files = sorted(_walk(folder, "", root, (root,), allowed), key=lambda file: file.path)
    if not files:
        raise InvalidBundleError(f"the folder '{folder}' has no files", "Build the application first.")
    return files


def _walk(
    folder: Path, prefix: str, root: Path, above: tuple[Path, ...], allowed: Collection[str]
) -> Iterator[SourceFile]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path, place = f"{prefix}{entry.name}", Path(entry.path)
            if any(fnmatch(entry.name, pattern) for pattern in LEFT_OUT):
                continue
            if entry.is_symlink():
                _stay_inside(place, root, above)
            check_path(place, path, allowed)
            if entry.is_dir():
                yield from _walk(place, f"{path}/", root, (*above, place.resolve()), allowed)
            else:
                yield plain_file(place, path)


def plain_file(place: Path, path: str) -> SourceFile:
    """The file at `place`; raises `InvalidBundleError` for what is no plain file."""
    mode = place.stat().st_mode
    if not stat.S_ISREG(mode):
        raise InvalidBundleError(f"'{place}' is not a plain file", "Remove it from the folder.")
    return SourceFile(path, place, bool(mode & stat.S_IXUSR))


def _stay_inside(link: Path, root: Path, above: tuple[Path, ...]) -> None:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise InvalidBundleError(f"the link '{link}' leads nowhere", "Remove it from the folder.") from error
    if not target.is_relative_to(root):
        reason = f"the link '{link}' leads out of the folder, to '{target}'"
        raise InvalidBundleError(reason, "Copy its target into the folder.")
    if target in above:
        raise InvalidBundleError(f"the link '{link}' leads in a circle", "Remove it from the folder.")


def check_path(place: Path, path: str, allowed: Collection[str]) -> None:
    """Raise `InvalidBundleError` for a file or folder whose name cannot be used, or that looks like a secret."""
    if problem := why_unsafe(path):
        raise InvalidBundleError(f"the name {str(place)!r} {problem}", "Rename it.")
    if _looks_secret(place) and not any(fnmatch(path, pattern) for pattern in allowed):
        reason = f"'{place}' looks like a secret, and everybody who can deploy can read the contents of a bundle"
        raise InvalidBundleError(reason, "Move it out of the folder; if it is no secret, allow it by name.")


def _looks_secret(place: Path) -> bool:
    name = place.name.lower()
    if name in _HARMLESS:
        return False
    if any(fnmatch(name, pattern) for pattern in _SECRET_NAMES):
        return True
    if not any(fnmatch(name, pattern) for pattern in _KEY_FILES) or not place.is_file():
        return False
    with place.open("rb") as file:
        return _KEY_MARK in file.read(_KEY_BYTES)
