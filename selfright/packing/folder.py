"""Lists the files of a folder for a bundle, and refuses files that should not leave the machine.

Left out silently: files of tools (`__pycache__`, `.DS_Store` …) and of version control. Refused: anything that looks
like a secret, leads out of the folder, or is not a plain file.
"""

import os
import shlex
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Self

from controller.domain.zip.rules import why_unsafe
from controller.errors import InvalidBundleError
from selfright.packing.no_secrets import NOTHING, NoSecrets

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
    "_netrc",
    ".npmrc",
    ".pypirc",
    ".git-credentials",
    ".htpasswd",
    ".htdigest",
    ".pgpass",
    ".my.cnf",
    ".s3cfg",
    ".boto",
    ".dockercfg",
    ".dockerconfigjson",
    ".terraformrc",
    ".vault-token",
    ".vault_pass*",
    ".*_history",
    ".aws",
    ".azure",
    ".docker",
    ".gnupg",
    ".kube",
    ".ssh",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ecdsa_sk",
    "id_ed25519",
    "id_ed25519_sk",
    "*.tfstate",
    "*.tfstate.*",
    "*.tfvars",
    "*.tfvars.json",
    "*.p12",
    "*.pfx",
    "*.keystore",
    "*.jks",
    "*.ppk",
    "*.kdbx",
    "*.ovpn",
)
_HARMLESS = (".env.example", ".env.sample", ".env.template")
_KEY_FILES = ("*.pem", "*.key")
"""May hold a certificate, which is public, or a private key: the contents decide."""
_KEY_MARK = b"PRIVATE KEY-----"
_KEY_BYTES = 64 * 1024
_NAMED = 10
"""So many secrets are named at once."""


@dataclass(frozen=True)
class SourceFile:
    """A file for the bundle: its path there, its place on this machine, and whether it is executable."""

    path: str
    source: Path
    executable: bool


@dataclass(frozen=True)
class Secret:
    """A file or folder that looks like a secret: its path in the bundle, its place on this machine, and the signs."""

    path: str
    source: Path
    signs: str = "looks like a secret"


BUILD = "Build the application first."
LESS = "Look at `exclude` in release.yaml, and at what is in the folder: only leftovers of tools may be there."
REMOVE = "Remove it from the folder."
MOST_LINKS = 10
"""So many links that cannot be used are named; the others are counted."""
LeavesOut = Callable[[str, bool], bool]
"""Whether a path is left out; the second value says whether it is a folder's."""


def leaves_out_tools(path: str, is_folder: bool) -> bool:  # noqa: ARG001 - other rules need it
    """Leave out what tools and version control leave behind."""
    name = path.rpartition("/")[2]
    return any(fnmatch(name, pattern) for pattern in LEFT_OUT)


@dataclass(frozen=True)
class Unusable:
    """A link that cannot be in a bundle: why, and what to do."""

    reason: str
    next_step: str

    @classmethod
    def leading_nowhere(cls, link: Path) -> Self:
        """What it leads to does not exist."""
        return cls(f"the link '{link}' leads nowhere", REMOVE)

    @classmethod
    def leading_out(cls, link: Path, target: Path) -> Self:
        """What it leads to is not in the folder."""
        step = "Copy its target into the folder, or remove the link if nothing needs it."
        return cls(f"the link '{link}' leads out of the folder, to '{target}'", step)

    @classmethod
    def leading_round(cls, link: Path) -> Self:
        """It leads to itself, or to a folder that it is in."""
        return cls(f"the link '{link}' leads in a circle", REMOVE)


def refuse_links(found: Sequence[Unusable]) -> None:
    """Raise `InvalidBundleError` with all links that cannot be used."""
    if not found:
        return
    more = f"; and {len(found) - MOST_LINKS} more links" if len(found) > MOST_LINKS else ""
    steps = dict.fromkeys(one.next_step for one in found)
    raise InvalidBundleError("; ".join(one.reason for one in found[:MOST_LINKS]) + more, " ".join(steps))


def list_files(
    folder: Path, *, allowed: NoSecrets = NOTHING, leaves_out: LeavesOut = leaves_out_tools
) -> list[SourceFile | Secret]:
    """The files of `folder`, and what is a secret by its name, sorted by path; raises `InvalidBundleError`.

    `allowed` takes what looks like a secret but is none.
    """
    root = folder.resolve()
    walked = list(_walk(folder, "", (root,), allowed, leaves_out))
    refuse_links([one for one in walked if isinstance(one, Unusable)])
    found = sorted((one for one in walked if not isinstance(one, Unusable)), key=lambda one: one.path)
    if not found:
        if next(folder.iterdir(), None) is None:
            raise InvalidBundleError(f"the folder '{folder}' has no files", BUILD)
        raise InvalidBundleError(f"of the folder '{folder}' nothing is left: all of it is left out", LESS)
    return found


def _walk(
    folder: Path, prefix: str, above: tuple[Path, ...], allowed: NoSecrets, leaves_out: LeavesOut
) -> Iterator[SourceFile | Secret | Unusable]:
    """`above` are the folders from the root to this one."""
    with os.scandir(folder) as entries:
        for entry in entries:
            path, place = f"{prefix}{entry.name}", Path(entry.path)
            if leaves_out(path, place.is_dir()):
                continue
            if entry.is_symlink() and (unusable := _unusable(place, above)):
                yield unusable
                continue
            known_as = {place, place.resolve()} if entry.is_symlink() else {place}
            if any(is_secret(one, path, allowed) for one in known_as):  # Another name makes a secret no other file.
                yield Secret(path, place)
            elif entry.is_dir():
                yield from _walk(place, f"{path}/", (*above, place.resolve()), allowed, leaves_out)
            else:
                yield plain_file(place, path)


def plain_file(place: Path, path: str) -> SourceFile:
    """The file at `place`; raises `InvalidBundleError` for what is no plain file."""
    mode = place.stat().st_mode
    if not stat.S_ISREG(mode):
        raise InvalidBundleError(f"'{place}' is not a plain file", "Remove it from the folder.")
    return SourceFile(path, place, bool(mode & stat.S_IXUSR))


def _unusable(link: Path, above: tuple[Path, ...]) -> Unusable | None:
    """Why a link cannot be in a bundle; None when it can."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return Unusable.leading_nowhere(link)
    if not target.is_relative_to(above[0]):
        return Unusable.leading_out(link, target)
    return Unusable.leading_round(link) if target in above else None


def is_secret(place: Path, path: str, allowed: NoSecrets) -> bool:
    """Whether the name of a file or folder is that of a secret; raises `InvalidBundleError` if it cannot be used."""
    if problem := why_unsafe(path):
        raise InvalidBundleError(f"the name {str(place)!r} {problem}", "Rename it.")
    return _looks_secret(place) and not allowed.file(path, place)


def refuse_secret_files(secrets: Sequence[Secret], *, public: bool) -> None:
    """Raise `InvalidBundleError` if there is any, with all of them; of a site (`public`) everybody can read it."""
    if not secrets:
        return
    shown = "; ".join(f"'{one.source}' {one.signs}" for one in secrets[:_NAMED])
    more = f"; and {len(secrets) - _NAMED} more" if len(secrets) > _NAMED else ""
    readers = "everybody can read a site" if public else "everybody who can deploy can read the contents of a bundle"
    away = "Move it out of the folder, or name it under `exclude`" if public else "Move it out of the folder"
    allow = " ".join(f"--allow {shlex.quote(one.path)}" for one in secrets[:_NAMED])
    raise InvalidBundleError(f"{shown}{more}, and {readers}", f"{away}; if it is no secret, allow it: {allow}")


def has_secret_name(name: str) -> bool:
    """Whether the last part of a path, in small letters, is the name of a secret."""
    return name not in _HARMLESS and any(fnmatch(name, pattern) for pattern in _SECRET_NAMES)


def _looks_secret(place: Path) -> bool:
    name = place.name.lower()
    if name in _HARMLESS:
        return False
    if has_secret_name(name):
        return True
    if not any(fnmatch(name, pattern) for pattern in _KEY_FILES) or not place.is_file():
        return False
    with place.open("rb") as file:
        return _KEY_MARK in file.read(_KEY_BYTES)
