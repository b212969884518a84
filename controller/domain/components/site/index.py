"""A site's index: its files with their digests; and how each file is served.

The index's digest covers the whole site: its first 16 hex digits are the revision's id.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from controller.domain.components.site.names import INDEX_NAME, MISSING_NAME, NotFoundHandling
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

    `not_found_handling` is the release's: whoever changes it gets another revision.
    """

    files: Mapping[str, FileEntry]
    digest: str
    text: bytes = field(default=b"", repr=False)
    not_found_handling: NotFoundHandling | None = None

    @property
    def revision(self) -> str:
        """The id of the revision with exactly these files."""
        return self.digest[:_REVISION_DIGITS]


def render_index(files: Mapping[str, FileEntry], not_found_handling: NotFoundHandling | None = None) -> bytes:
    """The index's bytes: always the same for the same files that are served alike."""
    listed = {path: {"sha256": file.sha256, "md5": file.md5, "size": file.size} for path, file in files.items()}
    said = {"not_found_handling": not_found_handling} if not_found_handling else {}
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
    if not content.keys() <= {"files", "not_found_handling"} or handling not in {None, *get_args(NotFoundHandling)}:
        raise InvalidBundleError("the site's index says more than its files and `not_found_handling`", _NEXT)
    files = {path: _file(path, value) for path, value in content["files"].items()}
    return SiteIndex(files, hashlib.sha256(data).hexdigest(), data, handling)


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
