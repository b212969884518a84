"""A site in a bundle: a folder of files, and an index of them beside it."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, Field

from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents, ExpectedContents, differs, require
from controller.domain.components.site.hashes import Sharing, carries_hash, is_code
from controller.domain.components.site.names import HEADERS_NAME, MISSING_NAME, REDIRECTS_NAME, NotFoundHandling
from controller.domain.zip.rules import why_unsafe

if TYPE_CHECKING:
    from controller.domain.components.site.addresses import Addresses
    from controller.domain.components.site.headers import Headers
    from controller.domain.components.site.index import SiteIndex


def _folder_pattern(pattern: str) -> str:
    folder = pattern.removesuffix("/**")
    if folder == pattern or why_unsafe(folder) or not {"*", "?", "["}.isdisjoint(folder):
        raise ValueError("must be a folder followed by '/**', like 'assets/**'")
    if folder.split("/")[0].lower() == "revisions":
        raise ValueError("cannot be in 'revisions/': Selfright keeps the site's revisions there")
    return pattern


def _glob(pattern: str) -> str:
    if pattern.startswith("!"):
        raise ValueError("cannot begin with '!': name only what stays out")
    bare = pattern.removeprefix("/").removesuffix("/")
    if problem := why_unsafe(bare):
        raise ValueError(problem if problem.startswith("must") else f"cannot be used: it {problem}")
    return pattern


SHOWN = 3
FOLDERS_BYTES = 700
"""Of the folders under `hashed`, as JSON: the routing function gets them with an object's metadata."""


def _short(patterns: list[str]) -> list[str]:
    if len(json.dumps(patterns)) > FOLDERS_BYTES:
        raise ValueError(f"have more than {FOLDERS_BYTES} bytes together: name fewer folders, or shorter ones")
    return patterns


HashedPattern = Annotated[str, AfterValidator(_folder_pattern)]
Glob = Annotated[str, Field(max_length=200), AfterValidator(_glob)]

RULES_BYTES = 256 * 1024
"""The limit of `_redirects` and of `_headers`."""
COMPARED = 256
"""So many files are compared with a byte of rules in the time in which a byte of other files is read."""
Read = TypeVar("Read")


def _some(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:SHOWN])
    return shown if len(paths) <= SHOWN else f"{shown} and {len(paths) - SHOWN} more"


_UNREAD = (".br", ".zst", ".lz4", ".7z", ".rar")


def unsearched(paths: Collection[str]) -> Iterator[str]:
    """The files that nothing here can unpack, and that are not beside what they hold (`app.js` beside `app.js.br`)."""
    for path in paths:
        bare, _, suffix = path.rpartition(".")
        if f".{suffix.lower()}" in _UNREAD and bare not in paths:
            yield path


class SiteArtifact(Artifact):
    """A site's files: a folder, without what matches `exclude`."""

    kind: Literal["site"]
    """`site`: a folder of files behind CloudFront, which everybody can read."""
    hashed: Annotated[list[HashedPattern], Field(max_length=20), AfterValidator(_short)] | None = None
    """Folders whose files have a hash in their names: `["assets/**"]`; unsaid, Selfright recognises them by their
    names."""
    exclude: Annotated[list[Glob], Field(max_length=50)] = []
    """Files that stay out of the bundle: `*.map` anywhere, `drafts/` a folder, `/notes.txt` from the site's folder."""
    left_out: Annotated[dict[Glob, Annotated[int, Field(ge=0)]], Field(max_length=200)] = {}
    """Written by `selfright bundle`, so leave it out: pattern → how many files and folders stayed out of the bundle."""
    not_found_handling: NotFoundHandling | None = None
    """What an address without a file shows: the application's page, or the page 404.html. Unsaid, the files say it."""

    of_bundles: ClassVar[frozenset[str]] = frozenset({"digest", "left_out"})
    noun: ClassVar[str] = "a site"
    answers_requests: ClassVar[bool] = True
    has_pages: ClassVar[bool] = True

    @property
    def sharing(self) -> Sharing:
        """Which of its files all revisions share."""
        return Sharing.below(None if self.hashed is None else [one.removesuffix("**") for one in self.hashed])

    @property
    def index(self) -> str:
        """The path in the bundle of the index of the files."""
        return f"{self.artifact}.index.json"

    @property
    def claims(self) -> tuple[str, ...]:
        """The paths in the bundle that are this artifact's."""
        return (self.artifact, self.index)

    @property
    def notes(self) -> tuple[str, ...]:
        """The index: the manifest has its digest, and it has the digests of the files."""
        return (self.index,)

    def remarks(self, bundle: Contents) -> Iterator[str]:
        """What was left out of the bundle, which files revisions share, and what shows what is missing."""
        if kept_out := ", ".join(f"{pattern} ({count})" for pattern, count in self.left_out.items() if count):
            yield f"Left out of the site: {kept_out}."
        if unused := ", ".join(f"'{pattern}'" for pattern, count in self.left_out.items() if not count):
            yield f"No file matches {unused} under `exclude`."
        if unread := sorted(unsearched(self.read_index(bundle).files)):
            yield f"Not searched for secrets, because it cannot be unpacked here: {_some(unread)}."
        yield from self._on_hashes(self.read_index(bundle).files)
        yield from self._on_missing(bundle)

    def read_index(self, bundle: Contents) -> "SiteIndex":
        """The index of the files; raises `InvalidBundleError`."""
        from controller.domain.components.site.index import INDEX_BYTES, parse_index  # noqa: PLC0415 - only to read one
        from controller.domain.reading.costly import read_within_limits  # noqa: PLC0415

        def parsed() -> "SiteIndex":
            text = bundle.read(self.index, at_most=INDEX_BYTES)
            return read_within_limits(lambda: parse_index(text), len(text), "the site's index")

        return bundle.once(self.index, parsed)

    def addresses(self, bundle: Contents, fallback: str = "index.html", sharing: Sharing | None = None) -> "Addresses":
        """The site's addresses; raises `InvalidBundleError` when the routing function has no room for them.

        `fallback` is the application's page; `sharing` is that of a revision that was staged before.
        """
        from controller.domain.components.site.addresses import addresses_of  # noqa: PLC0415 - only to read a bundle
        from controller.domain.components.site.redirects import parse_redirects  # noqa: PLC0415

        shared = sharing or self.sharing

        def found(rules: bytes, index: "SiteIndex") -> "Addresses":
            redirects = parse_redirects(rules)
            return addresses_of(index.files.keys(), index.not_found_handling, fallback, redirects, shared.has)

        return self._compared(bundle, REDIRECTS_NAME, f"{fallback} {shared.folders}", found)

    def revision(self, bundle: Contents, fallback: str) -> str:
        """The id of the revision that is made of it where `fallback` is an application's page."""
        return self.read_index(bundle).revision(self.addresses(bundle, fallback).application)

    def headers(self, bundle: Contents) -> "Headers":
        """The headers that the site's own file adds; raises `InvalidBundleError` when they have no room."""
        from controller.domain.components.site.headers import parse_headers, require_room  # noqa: PLC0415

        def found(rules: bytes, index: "SiteIndex") -> "Headers":
            headers = parse_headers(rules)
            require_room(headers, index.files)
            return headers

        return self._compared(bundle, HEADERS_NAME, "", found)

    def _kept(self, bundle: Contents) -> list[str]:
        """The files and pages that browsers may keep because of the site's own headers, although they may change."""
        from controller.domain.components.site.headers import parse_headers  # noqa: PLC0415 - only to read a bundle

        def found(rules: bytes, index: "SiteIndex") -> list[str]:
            own = sorted(index.files.keys() - {HEADERS_NAME, REDIRECTS_NAME})
            return parse_headers(rules).kept_by_browsers([path for path in own if not self.sharing.has(path)])

        return self._compared(bundle, HEADERS_NAME, "kept", found)

    def _compared(self, bundle: Contents, name: str, what: str, read: Callable[[bytes, "SiteIndex"], Read]) -> Read:
        """What `read` makes of a file with rules and of the index, once for each bundle.

        It compares every file of the site with every line, so it has limits of time and memory.
        """
        from controller.domain.reading.costly import read_within_limits  # noqa: PLC0415 - only to read a bundle

        rules, index = self._rules(bundle, name), self.read_index(bundle)
        cost = len(rules) * len(index.files) // COMPARED
        return bundle.once(
            f"{self.artifact}/{name} {what}", lambda: read_within_limits(lambda: read(rules, index), cost, name)
        )

    def _rules(self, bundle: Contents, name: str) -> bytes:
        """A file that says how the site is served; empty if there is none."""
        if name not in self.read_index(bundle).files:
            return b""
        return bundle.once(f"{self.artifact}/{name}", lambda: bundle.read(f"{self.artifact}/{name}", RULES_BYTES))

    def _on_hashes(self, paths: Collection[str]) -> Iterator[str]:
        """Scripts and styles whose names carry no hash, and files that are called hashed and do not look so."""
        sharing = self.sharing
        if self.hashed is not None:
            folders = {f"'{one}'": Sharing.below([one.removesuffix("**")]) for one in self.hashed}
            empty = [one for one, folder in folders.items() if not any(map(folder.has, paths))]
            if empty:
                yield (
                    f"No file matches {_some(empty)} under `hashed`: without that key, Selfright recognises hashes by"
                    " itself, wherever the files lie."
                )
            plain = sorted(path for path in paths if sharing.has(path) and not carries_hash(path))
            if plain:
                yield (
                    f"Browsers keep {_some(plain)} for a year, because `hashed` in release.yaml names the folder; the"
                    " names do not look as if they carried a hash of the contents."
                )
        elif not any(sharing.has(path) for path in paths) and (code := sorted(filter(is_code, paths))):
            yield (
                f"No file's name carries a hash of its contents ({_some(code)}): pages that are open during a release"
                " may not find the scripts of theirs, and browsers ask for each file again."
            )

    def _on_missing(self, bundle: Contents) -> Iterator[str]:
        """What an address without a file shows, when the release does not say it, and what redirects do."""
        from controller.domain.components.site.redirects import parse_redirects  # noqa: PLC0415 - only to read a bundle

        index, addresses = self.read_index(bundle), self.addresses(bundle)
        if not addresses.shows_root and "index.html" not in index.files:
            yield "It has no index.html at its root, so the address / shows what is missing."
        if self.not_found_handling is None:
            if addresses.application and not parse_redirects(self._rules(bundle, REDIRECTS_NAME)).handling:
                yield (
                    "It has one page and no 404.html, so it is taken for an application: that page answers every"
                    " address without a dot. If it is none, write `not_found_handling: 404-page`."
                )
            elif not addresses.application and not addresses.copies[MISSING_NAME]:
                yield (
                    "It has no 404.html, so a small page of Selfright's own answers what is missing, with status 404."
                    " If it is an application of one page, write `not_found_handling: single-page-application`."
                )
        yield from (f"Not followed of _redirects: {one}." for one in addresses.beyond)
        yield from addresses.said
        headers = self.headers(bundle)
        yield from (f"Not sent of _headers: {one}." for one in headers.beyond)
        if kept := self._kept(bundle):
            yield (
                f"Browsers keep {_some(kept)} for the time that `Cache-Control` in _headers says: until then, neither a"
                " release nor a rollback reaches visitors who have them."
            )

    def files(self, bundle: Contents, where: str) -> Mapping[str, ExpectedContents]:
        """The files that the index lists, after their sizes were compared with it."""
        require(bundle, self.index, where)
        index = self.read_index(bundle)
        if index.digest != self.sha256:
            raise differs(self.index, "the digest in the manifest")
        if index.not_found_handling != self.not_found_handling:
            raise differs(self.index, "`not_found_handling` in the manifest")
        if index.hashed != (None if self.hashed is None else tuple(sorted(self.hashed))):
            raise differs(self.index, "`hashed` in the manifest")
        files = {f"{self.artifact}/{path}": file for path, file in index.files.items()}
        for name, file in files.items():
            require(bundle, name, self.index)
            if bundle.size(name) != file.size:
                raise differs(name, "the size in the site's index")
        # Last, when the files are there: each is compared with every line of the site's own rules.
        self.addresses(bundle)
        self.headers(bundle)
        return {name: ExpectedContents(file.sha256, file.md5) for name, file in files.items()}
