"""Which files of a folder become public with a site: leftovers stay out, and secrets are refused.

What stays out is counted by pattern, so that people can be told, however much it is.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch, translate
from pathlib import PurePosixPath

from selfright.components.site.archives import secret_inside
from selfright.packing.folder import Secret, SourceFile, has_secret_name
from selfright.packing.globs import matches
from selfright.packing.no_secrets import NoSecrets
from selfright.secrecy import secret_in

LEFTOVERS = (
    # of desktops
    "._*",
    ".DS_Store",
    ".AppleDouble",
    ".LSOverride",
    ".Spotlight-V100",
    ".Trashes",
    ".Trash-*",
    ".TemporaryItems",
    ".fseventsd",
    "__MACOSX",
    "desktop.ini",
    "Thumbs.db",
    "Thumbs.db:encryptable",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "$RECYCLE.BIN",
    ".directory",
    ".fuse_hidden*",
    ".nfs0*",
    # of editors
    "*~",
    "*.bak",
    "*.orig",
    "*.rej",
    "*.swp",
    "*.swo",
    ".#*",
    ".idea",
    ".vs",
    ".vscode",
    # of version control
    ".git",
    ".gitignore",
    ".gitattributes",
    ".gitkeep",
    ".gitmodules",
    ".github",
    ".hg",
    ".hgignore",
    ".jj",
    ".svn",
    ".bzr",
    "CVS",
    # of tools
    "__pycache__",
    ".buildinfo",
    ".cache",
    ".doctrees",
    ".htaccess",
    ".mypy_cache",
    ".netlify",
    ".parcel-cache",
    ".pytest_cache",
    ".ruff_cache",
    ".sass-cache",
    ".selfright",
    ".terraform",
    ".vercel",
    ".wrangler",
)
"""Names of what lies in folders without being part of a site, in any case of letters."""
_IN_CAPITALS = "CVS"
"""In small letters, it is an ordinary name of a folder."""
_LEFTOVER = re.compile("|".join(f"({translate(name)})" for name in LEFTOVERS), re.IGNORECASE)
_SECRET_NAMES = (
    "*.env",
    "*.sql",
    "*.sql.*",
    "*.dump",
    "*.pgdump",
    "accesskeys.csv",
    "*_accesskeys.csv",
    "rootkey.csv",
    "client_secret*.json",
    "credentials",
    "credentials.csv",
    "credentials.ini",
    "credentials.json",
    "credentials.toml",
    "credentials.yaml",
    "credentials.yml",
    "local_settings.py",
    "master.key",
    "secrets.json",
    "secrets.toml",
    "secrets.yaml",
    "secrets.yml",
    "wp-config.php",
    ".clasprc.json",
    ".sentryclirc",
)
"""Names that are fine in a package, which its deployers alone can read, and not on a site."""
_IMAGES = {".avif", ".gif", ".ico", ".jpeg", ".jpg", ".png", ".webp"}
_MEDIA = {".eot", ".m4a", ".mp3", ".mp4", ".ogg", ".otf", ".ttf", ".wav", ".webm", ".woff", ".woff2"}
_NOT_TEXT = _IMAGES | _MEDIA


class LeftOut:
    """What stays out of one site, by the leftovers' names and the patterns of `exclude`."""

    def __init__(self, exclude: Sequence[str]) -> None:
        self._exclude = exclude
        self._counts = dict.fromkeys(exclude, 0)

    def __call__(self, path: str, is_folder: bool) -> bool:
        """Whether the file or folder is left out; it is counted then."""
        pattern = self._pattern(unicodedata.normalize("NFC", path), is_folder=is_folder)
        if pattern:
            self._counts[pattern] = self._counts.get(pattern, 0) + 1
        return bool(pattern)

    @property
    def counts(self) -> dict[str, int]:
        """Pattern → number of files and folders; of the patterns of `exclude`, also those that matched nothing."""
        return dict(sorted(self._counts.items()))

    def _pattern(self, path: str, *, is_folder: bool) -> str:
        name = path.rpartition("/")[2]
        if (leftover := _LEFTOVER.match(name)) and leftover.lastindex:
            pattern = LEFTOVERS[leftover.lastindex - 1]
            if pattern != _IN_CAPITALS or name == _IN_CAPITALS:
                return pattern
        return next((pattern for pattern in self._exclude if matches(pattern, path, is_folder=is_folder)), "")


def secret_of(file: SourceFile, data: bytes, allowed: NoSecrets) -> Secret | None:
    """The file, if it looks like a secret by its name or its contents."""
    why = next(_signs(PurePosixPath(file.path.lower()), data), "")
    return Secret(file.path, file.source, why) if why and not allowed.file(file.path, file.source) else None


def _signs(path: PurePosixPath, data: bytes) -> Iterator[str]:
    if any(fnmatch(path.name, pattern) for pattern in _SECRET_NAMES):
        yield "looks like a secret"
    elif path.suffix not in _NOT_TEXT and (kind := secret_in(data) or secret_inside(data, _is_secret_name)):
        yield f"contains what looks like {kind}"


def _is_secret_name(path: str) -> bool:
    """Whether a file in an archive has the name of a secret."""
    name = PurePosixPath(path.lower()).name
    return has_secret_name(name) or any(fnmatch(name, pattern) for pattern in _SECRET_NAMES)
