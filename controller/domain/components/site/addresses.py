"""Which address of a site shows which file: what staging adds to the files, and what the routing function must know.

The function cannot look into the bucket. So staging adds an object for every address that is no file's name: for a
page in a folder (`docs/index.html`) one at `docs` that leads to `/docs/`, for a page without a folder (`about.html`) a
copy at `about` and one at `about/index.html` that leads to it, and for what is missing the page `.404.html`. The
function then only adds `index.html` to a `/`.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from controller.domain.components.site.moving import SHOWN, Moving, Redirect, address_of, encoded, fits
from controller.domain.components.site.names import INDEX_PAGE, MISSING_NAME, NotFoundHandling
from controller.domain.components.site.redirects import Redirects, Rule
from controller.errors import InvalidBundleError

MISSING_PAGE = b"<!doctype html><title>Not Found</title><p>There is no such page.</p>"
"""What it holds when the site has no page for that."""
PAGE, INDEX, PAGE_404 = ".html", INDEX_PAGE, "404.html"
PAGES_404 = (PAGE_404, f"404/{INDEX}")
"""A site's own page for what is missing: the first that is there. Some tools write every page into a folder."""
SAYS = "selfright"
"""The name of an object's metadata that tells the routing function how to answer with it, as JSON."""
PUBLIC = ".well-known/"
"""No application shows its page below this folder."""
FUNCTION_BYTES = 1_000
"""How much of what the routing function must know of one revision has room in it, beside the shared folders."""
LONGEST = 1_600
"""Bytes of where an object leads: S3 keeps two kilobytes of its metadata."""
Added = TypeVar("Added")


@dataclass(frozen=True)
class Addresses:
    """The addresses of one site.

    `application`: the path of the page that answers every address without a dot that is not in `known`; "" if none
    does. `copies`: name of an object → the file whose contents it has ("" is the page that Selfright brings). `rules`
    are what the function redirects by itself, `said` what people should know of redirects, and `beyond` are lines that
    are not followed.
    """

    application: str = ""
    copies: Mapping[str, str] = field(default_factory=dict)
    redirects: Mapping[str, Redirect] = field(default_factory=dict)
    known: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    said: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()

    @property
    def added(self) -> int:
        """The number of objects that staging adds."""
        return len(self.copies) + len(self.redirects)

    @property
    def shows_root(self) -> bool:
        """Whether something but a file answers the address `/`."""
        return INDEX in self.redirects or any(fits(pattern, "/") for pattern, _, _ in self.rules)

    def for_function(self) -> dict[str, Any]:
        """What the routing function must know, as it stands in its table."""
        content = {
            "application": self.application,
            "known": list(self.known),
            "rules": [list(one) for one in self.rules],
        }
        return {name: value for name, value in content.items() if value}


def is_application(paths: Collection[str], handling: NotFoundHandling | None) -> bool:
    """Whether one page answers every address: as the release says, else if it is the only one and no `404.html`."""
    if handling:
        return handling == "single-page-application"
    return sum(path.endswith((PAGE, ".htm")) for path in paths) == 1 and PAGE_404 not in paths


def addresses_of(
    paths: Collection[str],
    handling: NotFoundHandling | None,
    fallback: str = INDEX,
    redirects: Redirects = Redirects(),  # noqa: B008 - it is immutable
    is_shared: Callable[[str], bool] = lambda _: False,
) -> Addresses:
    """The addresses of a site with these files; `fallback` is the application's page.

    `is_shared`: whether a file is kept for all revisions, at an address where no object of one revision is shown.
    Raises `InvalidBundleError` when the routing function has no room for what it must know.
    """
    # Before the files are compared with them: there may be many of both.
    _require_room(Addresses(rules=tuple(move.rule for move in redirects.moves if move.is_pattern)))
    everything, paths = paths, {path for path in paths if not is_shared(path)}
    application = f"/{fallback.lstrip('/')}" if is_application(paths, handling or redirects.handling) else ""
    fallback = application.removeprefix("/")
    missing = _page_404(paths) or (fallback if fallback in paths else "")
    pages, hidden = _apart(dict(_without_suffix(paths)), is_shared)
    copies = {MISSING_NAME: missing, **pages}
    folders, hidden_folders = _apart({name: Redirect(f"/{encoded(name)}/") for name in _folders(paths)}, is_shared)
    # An application's page answers such an address; to lead on from there, the function would have to know it.
    slashes = {} if application else dict(_without_slash(pages, is_shared))
    leading, too_long = _bounded({**folders, **slashes})
    moving = Moving({*paths, *copies, *folders}, leading, is_shared)
    moving.run(redirects)
    moved = moving.objects
    names = {*paths, *copies, *moved, *(folders.keys() & leading.keys())}
    known = sorted(f"/{address}" for name in names for address in [address_of(name)] if _needs_telling(address))
    found = Addresses(
        application,
        copies,
        {**leading, **moved},
        tuple(known) if application else (),
        moving.rules,
        (*_on_hidden({*hidden, *hidden_folders}.difference(everything)), *_on_long(too_long), *moving.said),
        redirects.beyond,
    )
    _require_room(found)
    return found


def _page_404(paths: Collection[str]) -> str:
    return next((page for page in PAGES_404 if page in paths), "")


def _require_room(addresses: Addresses) -> None:
    size = len(json.dumps(addresses.for_function()))
    if size > FUNCTION_BYTES:
        shown = ", ".join(addresses.known[:SHOWN])
        raise InvalidBundleError(
            f"the routing function has no room for what it must know of the site: {size} bytes, {FUNCTION_BYTES} are"
            f" allowed (addresses without a dot: {len(addresses.known)}, like {shown or 'none'}; lines of _redirects:"
            f" {len(addresses.rules)})",
            "If the site is not an application of one page, write `not_found_handling: 404-page`: then the function"
            " need not know addresses. Of _redirects it must know those with a placeholder or '*'.",
        )


def _without_suffix(paths: Collection[str]) -> Iterator[tuple[str, str]]:
    """`about` for `about.html`, unless there is a file or a folder with a page of that name."""
    for path in paths:
        name = path.removesuffix(PAGE)
        is_page = name != path and path.rpartition("/")[2] not in {INDEX, PAGE_404, PAGE}
        if is_page and name not in paths and f"{name}/{INDEX}" not in paths:
            yield name, path


def _without_slash(pages: Collection[str], is_shared: Callable[[str], bool]) -> Iterator[tuple[str, Redirect]]:
    """From `/about/` to `/about`: links with a slash lead to a page without a folder on other hosts, too."""
    for name in pages:
        if not is_shared(folder := f"{name}/{INDEX}"):
            yield folder, Redirect(f"/{encoded(name)}")


def _folders(paths: Collection[str]) -> Iterator[str]:
    """The folders that have a page, unless a file has their name."""
    for path in paths:
        name = path.removesuffix(f"/{INDEX}")
        if name != path and name not in paths:
            yield name


def _apart(added: Mapping[str, Added], is_shared: Callable[[str], bool]) -> tuple[dict[str, Added], dict[str, Added]]:
    """What staging adds, without and with what has the address of a shared file.

    The routing function tells shared files by the address alone, so an object there would be that of all revisions.
    """
    shared = {name for name in added if is_shared(name)}
    return ({name: added[name] for name in added if name not in shared}, {name: added[name] for name in shared})


def _bounded(leading: Mapping[str, Redirect]) -> tuple[dict[str, Redirect], list[str]]:
    """The redirects that an object's metadata has room for, and the names of the others."""
    long = [name for name, one in leading.items() if len(one.location) > LONGEST]
    return {name: one for name, one in leading.items() if len(one.location) <= LONGEST} if long else dict(leading), long


def _on_long(names: Sequence[str]) -> Iterator[str]:
    if names:
        yield (
            f"{len(names)} addresses lead nowhere, like '/{address_of(min(names))[:80]}…': where they would lead to has"
            f" more than {LONGEST} bytes when it is sent. Link to the address that shows the page, or shorten its name."
        )


def _on_hidden(hidden: Collection[str]) -> Iterator[str]:
    if hidden:
        shown = ", ".join(f"/{name}" for name in sorted(hidden)[:SHOWN])
        yield (
            f"Without `.html` or the slash at its end, the address of {len(hidden)} pages is like that of a file with a"
            f" hash, which all revisions share: nothing is shown there ({shown}). Link to the whole address."
        )


def _needs_telling(address: str) -> bool:
    """Whether an application's page would be shown there, if the function did not know better."""
    return bool(address) and "." not in address.rpartition("/")[2] and not address.startswith(PUBLIC)
