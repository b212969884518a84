"""A site's index: its files with their digests; and how each file is served.

The index's digest covers the whole site: its first 16 hex digits are the id of the revision, unless that depends on
something of the environment, too.
"""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from controller.domain.components.site.names import INDEX_NAME, INDEX_PAGE, MISSING_NAME, NotFoundHandling
from controller.domain.zip.rules import why_unsafe
from controller.errors import InvalidBundleError

__all__ = [
    "INDEX_NAME",
    "FileEntry",
    "SiteIndex",
    "parse_index",
    "render_index",
]

INDEX_BYTES = 16 * 1024 * 1024
"""The size limit of an index."""
_REVISION_DIGITS = 16
USUAL_PAGE = f"/{INDEX_PAGE}"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MD5 = re.compile(r"[0-9a-f]{32}")
_KEYS = {"sha256", "md5", "size"}
_NEXT = "Make the bundle again with `selfright bundle`."


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file's contents: SHA-256 and MD5 (S3's ETag) in hex, size in bytes."""

    sha256: str
    md5: str
    size: int


@dataclass(frozen=True)
class SiteIndex:
    """Path → file for every file of a site, and the index's bytes (`text`) with their SHA-256 in hex.

    `not_found_handling` and `hashed` are the release's: whoever changes them gets another revision.
    """

    files: Mapping[str, FileEntry]
    digest: str
    text: bytes = field(default=b"", repr=False)
    not_found_handling: NotFoundHandling | None = None
    hashed: tuple[str, ...] | None = None

    def revision(self, page: str = USUAL_PAGE) -> str:
        """The id of the revision with exactly these files; `page` is an application's page, which is copied into it."""
        usual = page in {"", USUAL_PAGE}
        return (self.digest if usual else hashlib.sha256(f"{self.digest} {page}".encode()).hexdigest())[
            :_REVISION_DIGITS
        ]


def render_index(
    files: Mapping[str, FileEntry],
    not_found_handling: NotFoundHandling | None = None,
    hashed: Collection[str] | None = None,
) -> bytes:
    """The index's bytes: always the same for the same files that are served alike."""
    listed = {path: {"sha256": file.sha256, "md5": file.md5, "size": file.size} for path, file in files.items()}
    said: dict[str, object] = {"not_found_handling": not_found_handling} if not_found_handling else {}
    if hashed is not None:
        said["hashed"] = sorted(hashed)
    return json.dumps({"files": listed, **said}, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse_index(data: bytes) -> SiteIndex:
    """Read an index; raises `InvalidBundleError`."""
    try:
        content = json.loads(data, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise InvalidBundleError(f"the site's index is not valid JSON: {error}", _NEXT) from error
    if not isinstance(content, dict) or not isinstance(content.get("files"), dict):
        raise InvalidBundleError("the site's index is not of the form {'files': {path: …}}", _NEXT)
    handling = content.get("not_found_handling")
    hashed = content.get("hashed")
    known = content.keys() <= {"files", "not_found_handling", "hashed"}
    if not known or handling not in {None, *get_args(NotFoundHandling)} or not _is_sorted_text(hashed):
        raise InvalidBundleError("the site's index says more than its files, `not_found_handling` and `hashed`", _NEXT)
    files = {path: _file(path, value) for path, value in content["files"].items()}
    folders = None if hashed is None else tuple(hashed)
    return SiteIndex(files, hashlib.sha256(data).hexdigest(), data, handling, folders)


def _is_sorted_text(value: Any) -> bool:  # noqa: ANN401 - JSON
    is_text = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return value is None or (is_text and value == sorted(value))


def _file(path: str, value: Any) -> FileEntry:  # noqa: ANN401 - JSON
    if problem := why_unsafe(path):
        raise InvalidBundleError(f"the name {path!r} in the site's index {problem}", "Rename the file.")
    if path in {INDEX_NAME, MISSING_NAME}:
        raise InvalidBundleError(f"a site cannot have a file '{path}': Selfright keeps its own there", _NEXT)
    if not isinstance(value, dict) or value.keys() != _KEYS or not _is_file(**value):
        raise InvalidBundleError(f"'{path}' in the site's index lacks a valid sha256, md5 or size", _NEXT)
    return FileEntry(**value)


def _is_file(sha256: object, md5: object, size: object) -> bool:
    hashes = isinstance(sha256, str) and isinstance(md5, str) and _SHA256.fullmatch(sha256) and _MD5.fullmatch(md5)
    return bool(hashes) and type(size) is int and size >= 0


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise ValueError("a key appears twice")
    return unique
