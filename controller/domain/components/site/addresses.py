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
from urllib.parse import quote, unquote

from controller.domain.components.site.names import (
    HEADERS_NAME,
    INDEX_NAME,
    INDEX_PAGE,
    MISSING_NAME,
    REDIRECTS_NAME,
    NotFoundHandling,
)
from controller.domain.components.site.redirects import MovedAddress, Redirects, Rule
from controller.errors import InvalidBundleError

MISSING_PAGE = b"<!doctype html><title>Not Found</title><p>There is no such page.</p>"
"""What it holds when the site has no page for that."""
PAGE, INDEX, PAGE_404 = ".html", INDEX_PAGE, "404.html"
PAGES_404 = (PAGE_404, f"404/{INDEX}")
"""A site's own page for what is missing: the first that is there. Some tools write every page into a folder."""
PERMANENTLY = 301
SAYS = "selfright"
"""The name of an object's metadata that tells the routing function how to answer with it, as JSON."""
UNTOUCHED = "/-_.!~*'()"
"""Characters that `encodeURIComponent` leaves as they are, and the slash."""
OWN = frozenset({INDEX_NAME, MISSING_NAME, HEADERS_NAME, REDIRECTS_NAME})
"""Names in a revision's folder that visitors do not see."""
PUBLIC = ".well-known/"
"""No application shows its page below this folder."""
SHOWN = 3
FUNCTION_BYTES = 1_000
"""How much of what the routing function must know of one revision has room in it, beside the shared folders."""
Added = TypeVar("Added")


@dataclass(frozen=True)
class Redirect:
    """Leads to another address."""

    location: str
    status: int = PERMANENTLY

    @property
    def page(self) -> bytes:
        """A page that leads there, too, where the routing function does not see answers."""
        url = json.dumps(self.location)[1:-1].replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        return f'<!doctype html><meta http-equiv="refresh" content="0;url={url}"><a href="{url}">Moved</a>'.encode()


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


def encoded(path: str) -> str:
    """A path as a browser sends it."""
    return quote(path, safe=UNTOUCHED)


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
    moving = _Moving({*paths, *copies, *folders}, is_shared)
    moved = moving.run(redirects)
    # An application's page answers such an address; to lead on from there, the function would have to know it.
    slashes = {} if application else dict(_without_slash(pages, is_shared))
    names = {*paths, *copies, *folders, *moved}
    known = sorted(f"/{address}" for name in names for address in [_address(name)] if _needs_telling(address))
    found = Addresses(
        application,
        copies,
        {**folders, **slashes, **moved},
        tuple(known) if application else (),
        tuple(moving.rules),
        (*_on_hidden({*hidden, *hidden_folders}.difference(everything)), *moving.said),
        redirects.beyond,
    )
    _require_room(found)
    return found


class _Moving:
    """Decides for each line of `_redirects` whether an object leads on, or the routing function itself."""

    def __init__(self, names: Collection[str], is_shared: Callable[[str], bool]) -> None:
        """`names` are those of all objects of the revision."""
        self._names, self._is_shared = names, is_shared
        self._parts = {name: _parts(f"/{_address(name)}") for name in names if name != MISSING_NAME}
        self.rules: list[Rule] = []
        self.said: list[str] = []

    def run(self, redirects: Redirects) -> dict[str, Redirect]:
        """The objects that lead on, by their names.

        The first line for an address counts. So what a later pattern fits, too, must stand before it in the function.
        """
        objects: dict[str, Redirect] = {}
        patterns = [(number, move) for number, move in enumerate(redirects.moves) if move.is_pattern]
        for number, move in enumerate(redirects.moves):
            if move.is_pattern:
                if self._may_be_rule(move):
                    self._say_what_is_hidden(move)
                continue
            fitting = [place for place, pattern in patterns if fits(pattern.source, move.source)]
            exists = [name for name in _objects(move.source) if name in self._names]
            if not OWN.isdisjoint(_objects(move.source)):
                self.said.append(f"'{move.source}' in _redirects is not followed: Selfright keeps its own there.")
            elif fitting and fitting[0] < number:
                self.said.append(f"'{move.source}' in _redirects is never reached: an earlier line fits it.")
            elif exists and not move.forced:
                self.said.append(f"'{move.source}' in _redirects is a file's address, and shows the file.")
            elif exists or fitting or any(map(self._is_shared, _objects(move.source))):
                self._may_be_rule(move)
            else:
                objects |= {name: Redirect(move.target, move.status) for name in _leading(move)}
        return objects

    def _may_be_rule(self, move: MovedAddress) -> bool:
        """Make a rule of the line, unless a browser that follows it would come to the same rule again, for ever."""
        leads_on = not fits(move.source, _path(move.target))
        if leads_on:
            self.rules.append(move.rule)
        else:
            self.said.append(f"'{move.source}' in _redirects is not followed: '{move.target}' would lead to itself.")
        return leads_on

    def _say_what_is_hidden(self, move: MovedAddress) -> None:
        if move.forced:
            return
        wanted = move.source.split("/")
        if hidden := [name for name, parts in self._parts.items() if match(wanted, parts) is not None]:
            shown = ", ".join(sorted(hidden)[:SHOWN])
            self.said.append(f"'{move.source}' in _redirects comes before {len(hidden)} files, like {shown}.")


def _page_404(paths: Collection[str]) -> str:
    return next((page for page in PAGES_404 if page in paths), "")


def fits(pattern: str, path: str) -> bool:
    """Whether a line for `pattern` is for this path, too."""
    return match(pattern.split("/"), _parts(path)) is not None


def _parts(path: str) -> list[str]:
    return (path.removesuffix("/") or "/").split("/")


def match(wanted: Sequence[str], parts: Sequence[str]) -> dict[str, str] | None:
    """The values of a pattern's placeholders for a path, both in parts; None when it does not fit."""
    values: dict[str, str] = {}
    for number, one in enumerate(wanted):
        part = parts[number] if number < len(parts) else None
        if one == "*":
            return {**values, "splat": "/".join(parts[number:])}
        if one.startswith(":") and part:
            values[one[1:]] = part
        elif one != part:
            return None
    return values if len(wanted) == len(parts) else None


def _objects(source: str) -> list[str]:
    """The names of the objects that are shown at an address, with and without a slash."""
    bare = source.strip("/")
    return [bare, f"{bare}/{INDEX}"] if bare else [INDEX]


def _leading(move: MovedAddress) -> list[str]:
    """The names of the objects that lead on; none of them leads to itself."""
    to = _path(move.target).removeprefix("/")
    return [name for name in _objects(move.source) if _address(name) != to]


def _path(target: str) -> str:
    """The decoded path that a line leads to; that of another host is no path here."""
    return unquote(target.partition("?")[0].partition("#")[0])


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


def _address(name: str) -> str:
    """The address of an object: a page in a folder is at the folder."""
    return name[: -len(INDEX)] if name == INDEX or name.endswith(f"/{INDEX}") else name


def _apart(added: Mapping[str, Added], is_shared: Callable[[str], bool]) -> tuple[dict[str, Added], dict[str, Added]]:
    """What staging adds, without and with what has the address of a shared file.

    The routing function tells shared files by the address alone, so an object there would be that of all revisions.
    """
    shared = {name for name in added if is_shared(name)}
    return ({name: added[name] for name in added if name not in shared}, {name: added[name] for name in shared})


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
