"""Deletes old revisions of a site, and the shared files that only they used.

Of the shared files only those that an index lists are ever deleted. The index is deleted first: a revision without
an index is not complete, so its remains are never used, even when the deletion is interrupted.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from controller.aws.components.site.files import SiteFiles, Stored
from controller.aws.components.site.routing import index_key, sharing_in
from controller.domain.components.site.hashes import REVISIONS
from controller.domain.components.site.index import INDEX_BYTES, parse_index

Revisions = Mapping[str, Mapping[str, Stored]]
"""Revision → its objects by key."""


def prune(files: SiteFiles, needed: Collection[str], count: int) -> int:
    """Delete all revisions except for `needed` and the newest `count`; returns how many were deleted."""
    revisions = _by_revision(files.listing(REVISIONS))

    def age(revision: str) -> tuple[datetime, bool]:
        """When it was complete, to the second; of two that are as old, the needed one is newer."""
        return revisions[revision][index_key(revision)].modified, revision in needed

    kept = {*needed, *sorted(_complete(revisions), key=age, reverse=True)[:count]}
    gone = sorted(revisions.keys() - kept)
    if gone:
        _delete(files, revisions, gone, kept)
    return len(gone)


def discard(files: SiteFiles, revision: str) -> bool:
    """Delete one revision and the shared files that only it uses; returns whether there was anything to delete."""
    revisions = _by_revision(files.listing(REVISIONS))
    if revision in revisions:
        _delete(files, revisions, [revision], revisions.keys() - {revision})
    return revision in revisions


def _delete(files: SiteFiles, revisions: Revisions, gone: Iterable[str], kept: Iterable[str]) -> None:
    unused = _shared_by(files, _complete(revisions, gone)) - _shared_by(files, _complete(revisions, kept))
    files.delete([index_key(revision) for revision in _complete(revisions, gone)])
    files.delete([*sorted(unused), *(key for one in gone for key in revisions[one] if key != index_key(one))])


def _by_revision(listing: Mapping[str, Stored]) -> Revisions:
    revisions: dict[str, dict[str, Stored]] = {}
    for key, stored in listing.items():
        revision, found, _ = key.removeprefix(REVISIONS).partition("/")
        if found:
            revisions.setdefault(revision, {})[key] = stored
    return revisions


def _complete(revisions: Revisions, among: Iterable[str] | None = None) -> list[str]:
    chosen = revisions if among is None else among
    return [one for one in sorted(chosen) if one in revisions and index_key(one) in revisions[one]]


def _shared_by(files: SiteFiles, revisions: Iterable[str]) -> set[str]:
    """The shared files that these revisions use; one call for each."""
    used: set[str] = set()
    for revision in revisions:
        data, metadata = files.read(index_key(revision), INDEX_BYTES)
        sharing = sharing_in(metadata)
        used |= {path for path in parse_index(data).files if sharing.has(path)}
    return used
