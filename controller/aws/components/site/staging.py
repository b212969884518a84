"""Uploads a site's files to its bucket, where no visitor sees them yet.

A revision's own files go to `revisions/<id>/`. Files with a hash of their contents in the name are outside of it and
shared, so a release uploads only new ones, and a page that is still open in a visitor's browser finds its old ones.
The revision's index is written last. Where there is an index, everything that it lists is there. Where there is none,
staging begins again, and only compares what was uploaded before.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import IO

from controller.aws.client.uploads import Uploads
from controller.aws.components.site.files import SiteFiles, Stored
from controller.aws.components.site.routing import FOLDERS, SITE, index_key, sharing_in
from controller.aws.components.site.sharing import is_shared_already
from controller.domain.components.contents import Contents
from controller.domain.components.site.addresses import MISSING_PAGE, SAYS
from controller.domain.components.site.artifact import SiteArtifact
from controller.domain.components.site.hashes import REVISIONS
from controller.domain.components.site.headers import addresses_at
from controller.domain.components.site.index import FileEntry, SiteIndex
from controller.domain.components.site.names import INDEX_PAGE, MISSING_NAME
from controller.domain.components.site.serving import HEAD_BYTES, cache_control, representation
from controller.errors import ConflictError, InvalidBundleError

IN_MEMORY = 8 * 1024 * 1024
"""Bytes; a larger file goes through a temporary file, and is uploaded alone."""
CHUNK = 1024 * 1024


class SiteStaging:
    """Stages one artifact from one bundle."""

    def __init__(self, files: SiteFiles, artifact: SiteArtifact, bundle: Contents, fallback: str) -> None:
        """`fallback` is the page of an application, as a path from the root."""
        self._files, self._artifact, self._bundle = files, artifact, bundle
        self._index: SiteIndex = artifact.read_index(bundle)
        self._sharing = artifact.sharing
        self._fallback = fallback
        self._addresses = artifact.addresses(bundle, fallback)
        self._revision = artifact.revision(bundle, fallback)
        self._headers = artifact.headers(bundle)

    def run(self, *, again: bool = False) -> str:
        """Upload every file that is missing; returns the revision's id.

        `again`: compare every file, although the index says that all are there.
        """
        known = self._files.find_metadata(index_key(self._revision))
        if known is not None and again:
            self._sharing = sharing_in(known)
            self._addresses = self._artifact.addresses(self._bundle, self._fallback, self._sharing)
        if again or known is None:
            metadata = self._metadata()
            there = self._there()
            with Uploads() as uploads:
                for path, names in self._missing(there).items():
                    self._upload(uploads, path, names)
                for name, redirect in self._addresses.redirects.items():
                    self._add(
                        uploads, there, name, redirect.page, _says(status=redirect.status, location=redirect.location)
                    )
                if not self._addresses.copies[MISSING_NAME]:
                    self._add(uploads, there, MISSING_NAME, MISSING_PAGE, MISSING)
            self._finish(metadata)
            self._files.close()
        return self._revision

    def _metadata(self) -> dict[str, str]:
        """What the routing function must know of the revision, for the index's metadata."""
        return {FOLDERS: json.dumps(self._sharing.folders), SITE: json.dumps(self._addresses.for_function())}

    def _missing(self, there: dict[str, Stored]) -> dict[str, list[str]]:
        """The files to upload with the names that they get, in the bundle's order, in which they are read fastest."""
        wanted = {f"{self._artifact.artifact}/{path}": path for path in self._index.files}
        names = {path: [path] for path in self._index.files}
        for name, path in self._addresses.copies.items():
            if path:
                names[path].append(name)
        ordered = [wanted[name] for name in self._bundle.names if name in wanted]
        missing = {path: [name for name in names[path] if not self._has(there, path, name)] for path in ordered}
        return {path: some for path, some in missing.items() if some}

    def _there(self) -> dict[str, Stored]:
        """The objects that are in the bucket: in the shared folders, and from a staging that did not finish."""
        return self._files.of_revision(self._revision, self._sharing, self._index.files)

    def _has(self, there: dict[str, Stored], path: str, name: str) -> bool:
        """Whether the file is there under this name.

        Raises `InvalidBundleError` when a shared name would change its contents.
        """
        key, file = self._key(path, name), self._index.files[path]
        if self._is_shared(path, name):
            return is_shared_already(self._files, there, name, file)
        return key in there and there[key].is_like(file)

    def _upload(self, uploads: Uploads, path: str, names: Sequence[str]) -> None:
        name, file = f"{self._artifact.artifact}/{path}", self._index.files[path]
        if file.size > IN_MEMORY:
            with tempfile.TemporaryFile() as body:
                _require(path, file, _copy(self._bundle, name, body))
                for one in names:
                    body.seek(0)
                    self._put(path, one, body)
            return
        body_in_memory = self._bundle.read(name, at_most=IN_MEMORY)
        _require(path, file, hashlib.sha256(body_in_memory).hexdigest())
        for one in names:
            uploads.add(partial(self._put, path, one, body_in_memory), file.size)

    def _put(self, path: str, name: str, body: bytes | IO[bytes]) -> None:
        shared = self._is_shared(path, name)
        shown = representation(path, _head(body))
        headers = self._headers.at(addresses_at(name)) if self._headers.blocks else {}
        says = _says(headers=headers) if headers else {}
        own = {"revision": self._revision, **(MISSING if name == MISSING_NAME else says)}
        self._files.put(
            self._key(path, name),
            body,
            self._index.files[path].sha256,
            content_type=shown.type,
            content_encoding=shown.encoding,
            cache_control=cache_control(hashed=shared),
            metadata=says if shared else own,
        )

    def _add(self, uploads: Uploads, there: dict[str, Stored], name: str, page: bytes, says: Mapping[str, str]) -> None:
        """Upload a page of Selfright's own, unless it is there."""
        key, sha256 = self._own_key(name), hashlib.sha256(page).hexdigest()
        stored = FileEntry(sha256, hashlib.md5(page, usedforsecurity=False).hexdigest(), len(page))
        if key in there and there[key].is_like(stored):
            return
        put = partial(
            self._files.put,
            key,
            page,
            sha256,
            content_type=representation(INDEX_PAGE).type,
            cache_control=cache_control(hashed=False),
            metadata={"revision": self._revision, **says},
        )
        uploads.add(put, len(page))

    def _finish(self, metadata: Mapping[str, str]) -> None:
        """Write the index. If another run of ours was faster, it has written the same."""
        with suppress(ConflictError):
            self._files.put(
                index_key(self._revision),
                self._index.text,
                self._index.digest,
                content_type="application/json",
                cache_control="no-cache",
                metadata={**metadata, "revision": self._revision},
                only_if_new=True,
            )

    def _is_shared(self, path: str, name: str) -> bool:
        """Whether all revisions share the object `name` of a file; what staging adds under other names never is."""
        return name == path and self._sharing.has(path)

    def _key(self, path: str, name: str) -> str:
        return name if self._is_shared(path, name) else self._own_key(name)

    def _own_key(self, name: str) -> str:
        return f"{REVISIONS}{self._revision}/{name}"


def _says(**answer: object) -> dict[str, str]:
    """Metadata that tells the routing function how to answer with an object."""
    return {SAYS: json.dumps(answer)}


MISSING = _says(status=int(HTTPStatus.NOT_FOUND))


def _head(body: bytes | IO[bytes]) -> bytes:
    """The first bytes of a file, which is at its beginning afterwards."""
    if isinstance(body, bytes):
        return body[:HEAD_BYTES]
    head = body.read(HEAD_BYTES)
    body.seek(0)
    return head


def _copy(bundle: Contents, name: str, body: IO[bytes]) -> str:
    """Unpack a file of the bundle into `body`; returns its SHA-256 in hex."""
    digest = hashlib.sha256()
    with bundle.stream(name) as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            body.write(chunk)
    body.seek(0)
    return digest.hexdigest()


def _require(path: str, file: FileEntry, sha256: str) -> None:
    if sha256 != file.sha256:
        raise InvalidBundleError(f"'{path}' does not match its digest in the site's index", "Make the bundle again.")
