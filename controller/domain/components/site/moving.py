"""Where the lines of `_redirects` lead: which of them the routing function follows, and which are objects.

The function knows no files, so what it follows comes before every file. A line that browsers would follow for ever,
alone or by others and by what staging adds, is not followed, and said: each line is walked with the others.
"""

import json
import re
from bisect import insort
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, unquote, urlsplit

from controller.domain.components.site.names import INDEX_PAGE, MISSING_NAME, OWN
from controller.domain.components.site.redirects import MovedAddress, Redirects, Rule

PERMANENTLY = 301
UNTOUCHED = "/-_.!~*'()"
"""Characters that `encodeURIComponent` leaves as they are, and the slash."""
IN_QUERY = "!$&'()*+,-./:;=?@_~%"
"""Characters beside letters and digits that stay as they are in a query."""
SHOWN = 3
HOPS = 20
"""So many redirects browsers follow, one after the other."""
LONGEST_ADDRESS = 8_192
"""Bytes of an address that CloudFront takes: nobody gets to where a longer one leads."""
DEEPEST = 4
"""Parts of the samples that are taken for a `*`."""
_PLACEHOLDER = re.compile(r":([A-Za-z]\w*)", re.ASCII)


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


class Moving:
    """Decides for each line of `_redirects` whether an object leads on, or the routing function itself."""

    def __init__(
        self, names: Collection[str], leading: Mapping[str, Redirect], is_shared: Callable[[str], bool]
    ) -> None:
        """`names` are those of the revision's objects; `leading` are the redirects that staging adds by itself."""
        self._names, self._leading, self._is_shared = names, leading, is_shared
        self._rules: list[tuple[int, Sequence[str], MovedAddress]] = []
        self._said: set[tuple[int, str]] = set()
        self.objects: dict[str, Redirect] = {}
        """The objects that lead on, by their names."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What the function follows, in the order of the lines."""
        return tuple(move.rule for _, _, move in self._rules)

    @property
    def said(self) -> tuple[str, ...]:
        """What people should know, in the order of the lines."""
        return tuple(text for _, text in sorted(self._said))

    def run(self, redirects: Redirects) -> None:
        """Decide.

        The first line for an address counts. So what a later pattern fits, too, must stand before it in the function.
        The patterns are first: of them only samples can be walked, and other lines are walked with them.
        """
        for number, move in enumerate(redirects.moves):
            if move.is_pattern:
                self._lead_by_rule(number, move)
        for number, _, move in reversed(self._rules):  # those before it were walked without the later ones
            self._keep_if_it_ends(number, move)
        for number, _, move in self._rules:
            self._say_what_is_hidden(number, move)
        for number, move in enumerate(redirects.moves):
            if not OWN.isdisjoint(_objects(move.source)):
                self._say(number, f"'{move.source}' in _redirects is not followed: Selfright keeps its own there.")
            elif not move.is_pattern:
                self._lead(number, move)

    def _lead(self, number: int, move: MovedAddress) -> None:
        parts = move.source.split("/")
        fitting = [place for place, wanted, _ in self._rules if match(wanted, parts) is not None]
        exists = any(name in self._names for name in _objects(move.source))
        if fitting and fitting[0] < number:
            self._say(number, f"'{move.source}' in _redirects is never reached: an earlier line fits it.")
        elif exists and not move.forced:
            self._say(number, f"'{move.source}' in _redirects is a file's address, and shows the file.")
        elif exists or fitting or any(map(self._is_shared, _objects(move.source))):
            self._lead_by_rule(number, move)
        else:
            self._lead_by_objects(number, move)

    def _lead_by_rule(self, number: int, move: MovedAddress) -> None:
        insort(self._rules, (number, move.source.split("/"), move))
        self._keep_if_it_ends(number, move)

    def _keep_if_it_ends(self, number: int, move: MovedAddress) -> None:
        if not self._ends(number, move):
            self._rules = [rule for rule in self._rules if rule[0] != number]

    def _lead_by_objects(self, number: int, move: MovedAddress) -> None:
        names = _objects(move.source)
        # None of them leads to itself.
        leading = [name for name in names if f"/{address_of(name)}" != _path(move.target)]
        self.objects |= {name: Redirect(move.target, move.status) for name in leading}
        if not self._ends(number, move):
            for name in leading:
                del self.objects[name]
        elif len(leading) < len(names):
            how = "without" if leading and not address_of(leading[0]).endswith("/") else "with"
            why = f"'{move.target}' would lead to itself"
            self._say(number, f"'{move.source}' in _redirects is followed only {how} a slash at its end: {why}.")

    def _ends(self, number: int, move: MovedAddress) -> bool:
        """Whether a browser that follows the line comes to an end; says so if not, or if it may not."""
        for values in _samples(move.source):
            target = filled(move.target, values)
            host = "" if target.startswith("/") else urlsplit(target).netloc
            if self._leads_on_for_ever(_path(target, host), host):
                if not host:
                    how = f"'{move.target}' would lead browsers on for ever"
                    self._say(number, f"'{move.source}' in _redirects is not followed: {how}.")
                    return False
                how = f"if {host} shows this site, browsers follow it for ever"
                self._say(number, f"'{move.source}' in _redirects leads to another host: {how}.")
                return True
        return True

    def _leads_on_for_ever(self, path: str, host: str) -> bool:
        """Whether a browser at this path is led on again and again, where `host` is the site's own.

        Each time to a longer address, too: a line that doubles it would soon fill the memory here.
        """
        for _ in range(HOPS):
            location = self._location(path)
            if len(location) > LONGEST_ADDRESS:
                return True
            path = _path(location, host)
            if not path:
                return False
        return True

    def _location(self, path: str) -> str:
        """Where this path leads; empty if it leads nowhere."""
        if not path.startswith("/"):
            return ""
        parts = path.split("/")
        for _, wanted, move in self._rules:
            if (values := match(wanted, parts)) is not None:
                return filled(move.target, values)
        name = f"{path[1:]}{INDEX_PAGE}" if path.endswith("/") else path[1:]
        found = self.objects.get(name) or self._leading.get(name)
        return found.location if found else ""

    def _say(self, number: int, text: str) -> None:
        self._said.add((number, text))

    def _say_what_is_hidden(self, number: int, move: MovedAddress) -> None:
        if move.forced:
            return
        wanted = move.source.split("/")
        if hidden := [name for name, parts in self._shown if match(wanted, parts) is not None]:
            shown = ", ".join(sorted(hidden)[:SHOWN])
            self._say(number, f"'{move.source}' in _redirects comes before {len(hidden)} files, like {shown}.")

    @cached_property
    def _shown(self) -> Sequence[tuple[str, Sequence[str]]]:
        return [(name, f"/{address_of(name)}".split("/")) for name in self._names if name != MISSING_NAME]


def encoded(path: str) -> str:
    """A path as a browser sends it."""
    return quote(path, safe=UNTOUCHED)


def filled(location: str, values: Mapping[str, str]) -> str:
    """The address that a line leads to, with the values of its placeholders."""
    sent = {name: encoded(values[name]) for name in set(_PLACEHOLDER.findall(location))}
    return _PLACEHOLDER.sub(lambda found: sent[found[1]], location)


def with_query(location: str, query: str) -> str:
    """An address to go to with the query of the visitor's, unless it has one; the same as `redirect` in `routing.js`.

    CloudFront gives the function the values of each name together, and says `a=` and `a` alike.
    """
    address, mark, place = location.partition("#")
    values: dict[str, list[str]] = {}
    for one in filter(None, query.split("&")):
        name, _, value = one.partition("=")
        values.setdefault(name, []).append(f"{name}={value}" if value else name)
    fields = "&".join(one for some in values.values() for one in some)
    more = f"?{quote(fields, safe=IN_QUERY)}" if fields and "?" not in address else ""
    return f"{address}{more}{mark}{place}"


def fits(pattern: str, path: str) -> bool:
    """Whether a line for `pattern` is for this path, too."""
    return match(pattern.split("/"), path.split("/")) is not None


def match(wanted: Sequence[str], parts: Sequence[str]) -> dict[str, str] | None:
    """The values of a pattern's placeholders for a path, both in parts; None when it does not fit.

    A slash at the end of the path is its last part, which is empty; only a `*` keeps it.
    """
    values: dict[str, str] = {}
    for number, one in enumerate(wanted):
        part = parts[number] if number < len(parts) else None
        if one == "*":
            return {**values, "splat": "/".join(parts[number:])}
        if one.startswith(":") and part:
            values[one[1:]] = part
        elif one != part:
            return None
    return None if any(parts[len(wanted) :]) else values


def address_of(name: str) -> str:
    """The address of an object, without a slash before it: a page in a folder is at the folder."""
    return name[: -len(INDEX_PAGE)] if name == INDEX_PAGE or name.endswith(f"/{INDEX_PAGE}") else name


def _samples(source: str) -> Iterator[Mapping[str, str]]:
    """Values for the placeholders of a line, unlike any part of an address that a line has."""
    parts = source.split("/")
    values = {one[1:]: f"~{one[1:]}" for one in parts if one.startswith(":")}
    for depth in range(DEEPEST + 1) if parts[-1] == "*" else [0]:
        yield {**values, "splat": "/".join(f"~{number}" for number in range(depth))}


def _objects(source: str) -> Sequence[str]:
    """The names of the objects that are shown at an address, with and without a slash."""
    bare = source.strip("/")
    return [bare, f"{bare}/{INDEX_PAGE}"] if bare else [INDEX_PAGE]


def _path(target: str, host: str = "") -> str:
    """The decoded path that a line leads to, with single slashes; that of a host that is not `host` is no path."""
    if host and (url := urlsplit(target)).netloc == host:
        target = url.path or "/"
    return re.sub("/+", "/", unquote(target.partition("?")[0].partition("#")[0]))
