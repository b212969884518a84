"""The rules for a zip's entries: names that mean the same file everywhere, plain files, and no bombs."""

import hashlib
import re
import stat
import unicodedata
from collections.abc import Sequence

from controller.domain.printable import printable
from controller.domain.zip.directory import DEFLATED, STORED, Entry
from controller.errors import InvalidBundleError

MAX_NAME_BYTES = 900
"""The limit of a name: S3 keys have at most 1024 bytes, and a site's files get a prefix."""
MAX_DEPTH = 64
"""How deep folders may be nested."""
MAX_FOLDERS = 50_000
"""All folders of a zip, also those that have no entry of their own: what is known of each is kept in memory."""
MAX_RATIO = 200
"""A file may unpack to at most this many times its packed size."""
_DRIVE = re.compile(r"^[A-Za-z]:")
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_ALWAYS_FINE = 1024 * 1024
"""An entry that unpacks to at most this many bytes is no bomb, whatever its ratio is."""
_RENAME = "Rename the file and make the bundle again."
_REPACK = "Make the bundle again with `selfright bundle`."


def why_unsafe(path: str) -> str | None:
    """What is wrong with a path in a bundle, as the end of a sentence; None when it is fine."""
    parts = path.split("/")
    problems = {
        f"must have 1 to {MAX_NAME_BYTES} bytes": not 0 < len(path.encode(errors="replace")) <= MAX_NAME_BYTES,
        "contains control or invisible characters": not path.isprintable(),
        "contains a backslash: folders are separated by '/'": "\\" in path,
        "is absolute: it must be relative to the bundle": path.startswith("/") or bool(_DRIVE.match(path)),
        "leads out of the bundle ('..')": ".." in parts,
        "has an empty or '.' part": "" in parts or "." in parts,
        f"is nested more than {MAX_DEPTH} folders deep": len(parts) > MAX_DEPTH,
    }
    return next((problem for problem, is_there in problems.items() if is_there), None)


def check_entries(  # noqa: PLR0913 - the limits have names
    entries: Sequence[Entry], what: str, *, max_entry: int, max_total: int, max_ratio: int, links: bool = False
) -> None:
    """Raise `InvalidBundleError` for the first entry of `what` that breaks a rule. Sizes are unpacked bytes.

    With `links` there may be symbolic links; where they lead is not checked here.
    """
    spellings = _Spellings(entries, what)
    total = 0
    for number, entry in enumerate(entries):
        where = f"'{entry.name}' in {what}"
        _check_name(entry, where)
        _check_nature(entry, where, links=links)
        _check_size(entry, where, max_entry, max_ratio)
        spellings.add(number, where)
        total += entry.size
    if total > max_total:
        reason = f"{what} unpacks to {_mb(total)}; at most {_mb(max_total)} are allowed"
        raise InvalidBundleError(reason, "Remove files, or release in smaller parts.")


def _check_name(entry: Entry, where: str) -> None:
    if problem := why_unsafe(entry.name[:-1] if entry.is_folder else entry.name):
        raise InvalidBundleError(f"the name {printable(where)} {problem}", _RENAME)


def _check_nature(entry: Entry, where: str, *, links: bool) -> None:
    kind = stat.S_IFMT(entry.mode)
    if entry.is_link and not links:
        raise InvalidBundleError(f"{where} is a symbolic link", "Put the file itself into the bundle.")
    if not entry.is_link and kind not in (0, stat.S_IFDIR if entry.is_folder else stat.S_IFREG):
        raise InvalidBundleError(f"{where} is a special file, not a plain one", "Remove it from the bundle.")
    if entry.flags & _ENCRYPTED:
        raise InvalidBundleError(f"{where} is encrypted", "Make the bundle without a password.")
    if entry.method not in (STORED, DEFLATED):
        reason = f"{where} is compressed with method {entry.method}; only 'stored' and 'deflated' are supported"
        raise InvalidBundleError(reason, _REPACK)


def _check_size(entry: Entry, where: str, max_entry: int, max_ratio: int) -> None:
    if entry.size > max_entry:
        reason = f"{where} unpacks to {_mb(entry.size)}; at most {_mb(max_entry)} are allowed"
        raise InvalidBundleError(reason, "Make the file smaller.")
    if entry.size > _ALWAYS_FINE and entry.size > entry.packed * max_ratio:
        reason = f"{where} unpacks to more than {max_ratio} times its size, as zip bombs do"
        raise InvalidBundleError(reason, "Remove it from the bundle, or store it uncompressed.")
    if (entry.method == STORED and entry.size != entry.packed) or (entry.is_folder and entry.size):
        raise InvalidBundleError(f"{where} contradicts itself about its size", _REPACK)


class _Spellings:
    """Refuses names that are the same file on macOS or Windows (case, Unicode form), or name a file and a folder.

    It keeps digests, so that no names, however long, fill the memory: folded path → its spelling and its entry's
    number. A folder's spelling ends with "/".
    """

    def __init__(self, entries: Sequence[Entry], what: str) -> None:
        self._entries, self._what = entries, what
        self._known: dict[bytes, tuple[bytes, int]] = {}
        self._folders = 0

    def add(self, number: int, where: str) -> None:
        """Add the name of an entry, and its folders."""
        entry = self._entries[number]
        path, key = entry.name, _key(entry.name)
        spelling = _digest(path)
        if (before := self._known.get(key)) and not (entry.is_folder and before[0] == spelling):
            other = self._spelled(before[1], path)
            same = (
                "appears twice"
                if before[0] == spelling
                else f"is the same as '{other}' where case or accents do not count"
            )
            raise InvalidBundleError(f"{where} {same}", _RENAME)
        self._known[key] = (spelling, number)
        self._add_folders(number, path, where)

    def _add_folders(self, number: int, path: str, where: str) -> None:
        folder = path.rstrip("/").rpartition("/")[0]
        while folder:
            spelling = _digest(f"{folder}/")
            before = self._known.setdefault(_key(folder), (spelling, number))
            if before[0] != spelling:
                other = self._spelled(before[1], folder)
                raise InvalidBundleError(f"{where} is in the folder '{folder}', which collides with '{other}'", _RENAME)
            if before[1] != number:
                return
            self._folders += 1
            if self._folders > MAX_FOLDERS:
                raise InvalidBundleError(f"{self._what} has more than {MAX_FOLDERS:,} folders", "Remove some.")
            folder = folder.rpartition("/")[0]

    def _spelled(self, number: int, path: str) -> str:
        """The path in the name of the entry with this number that is the same as `path`."""
        parts = self._entries[number].name.split("/")
        wanted = _folded(path)
        paths = ("/".join(parts[:count]) + "/" * (count < len(parts)) for count in range(1, len(parts) + 1))
        return next((one for one in paths if _folded(one) == wanted), self._entries[number].name)


def _key(path: str) -> bytes:
    return _digest(_folded(path))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _folded(path: str) -> str:
    bare = path.rstrip("/")
    return (
        bare.lower() if bare.isascii() else unicodedata.normalize("NFC", unicodedata.normalize("NFC", bare).casefold())
    )


def _mb(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"
