"""Which visitor gets which revision of a site: the routing table, and the CloudFront function that is made from it.

The function's code is `routing.js` with the table written into it, below a first line with the digest of the rest. By
that line Selfright recognises its own code. The line does not depend on the template, so code that an older or newer
Selfright published is recognised too, and code that a person edited is not.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from controller.domain.components.site.addresses import PUBLIC
from controller.domain.components.site.hashes import PATTERNS, REVISIONS, Sharing
from controller.domain.components.site.moving import filled, match, with_query
from controller.domain.components.site.names import INDEX_PAGE, MISSING_NAME, OWN
from controller.domain.components.site.redirects import Rule
from controller.domain.strategy import ALL
from controller.errors import ChangedByOthersError, InvalidBundleError

LIMIT = 10_240
"""CloudFront allows this many bytes of code."""
PUBLICATION_PATH = "/.well-known/selfright/publication"
"""The routing function itself answers this path, with the name of its publication as JSON."""
_NAMES = "const NAMES = {};"
_SOURCE_ONLY = re.compile(r"^ +|^// (?!Published).*\n|^\n|(?<=[{,])\n|(?<=[^}];)\n", re.MULTILINE)
"""What the routing function does not need of its source: it has little room."""
_SPACED = re.compile(r"(?<!TABLE)(?<!NAMES) (===|!==|=>|&&|\|\||[+=<?:]) ")
"""Operators that need no spaces; no text in the source has one."""
_TABLE = re.compile(r"^const TABLE = (\{.*\});$", re.MULTILINE)
_SEAL = "// selfright-routing {}\n"
_ODD = re.compile(r"[\\\x00-\x1f\x7f]|/\.{1,2}(/|$)|^[^/]")
_BADLY_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})|%2[Ff]")


@dataclass(frozen=True)
class RoutingTable:
    """`weight` percent of the visitors get `canary`, the others `stable`; "" means no revision.

    `hashed` says which files of each revision are shared.
    `sites` is what the function must know of each revision's addresses (`Addresses.for_function`). `seal` says for
    which deployment it was written; visitors do not notice it.
    """

    stable: str = ""
    canary: str = ""
    weight: int = 0
    hashed: Mapping[str, Sharing] = field(default_factory=dict)
    seal: str = ""
    sites: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def publication(self) -> str:
        """The name of this publication: what an edge location answers that has it. Another seal is another one."""
        content = [self.stable, self.canary, self.weight, self.seal]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    def routes_like(self, other: "RoutingTable") -> bool:
        """Whether both tables give every visitor the same revision."""
        return (self.stable, self.canary, self.weight) == (other.stable, other.canary, other.weight)

    def is_between(self, stable: str, canary: str) -> bool:
        """Whether visitors get `stable`, `canary` or both, and nothing else."""
        on_stable = self.stable == stable and self.canary in {"", canary}
        return on_stable or (self.stable == canary and not self.canary)

    def pointed_at(self, stable: str, canary: str, weight: int) -> "RoutingTable":
        """This table with `weight` percent on the canary; what it knows of both revisions stays, for a rollback."""
        hashed = {revision: self.hashed[revision] for revision in (stable, canary) if revision in self.hashed}
        sites = {revision: self.sites[revision] for revision in (stable, canary) if revision in self.sites}
        if weight >= ALL:
            return RoutingTable(canary, "", 0, hashed, sites=sites)
        return RoutingTable(stable, canary if weight else "", weight, hashed, sites=sites)


def render(table: RoutingTable) -> bytes:
    """The code of the routing function; raises `InvalidBundleError` when it is too long for CloudFront."""
    content = {
        "stable": table.stable or None,
        "canary": table.canary or None,
        "weight": table.weight,
        "hashed": {revision: sharing.folders for revision, sharing in table.hashed.items()},
        "sites": dict(table.sites),
        "seal": table.seal,
        "publication": table.publication,
    }
    line = f"const TABLE = {json.dumps(content, sort_keys=True)};"
    code = _TABLE.sub(lambda _: line, _template(), count=1)
    sealed = (_seal(code) + code).encode()
    if len(sealed) > LIMIT:
        reason = f"the routing function would have {len(sealed)} bytes; CloudFront allows {LIMIT}"
        step = "Name fewer folders under `hashed` in release.yaml, or redirect fewer addresses."
        raise InvalidBundleError(reason, step)
    return sealed


def parse(code: bytes) -> RoutingTable:
    """The table in the code of a routing function.

    Raises `ChangedByOthersError` for code that Selfright did not publish. Code whose table names no revision is the
    stack's placeholder, not a release: it gives an empty table.
    """
    text = code.decode(errors="replace")
    first, _, rest = text.partition("\n")
    table = _table(text)
    if table is None or (table.stable and f"{first}\n" != _seal(rest)):
        raise ChangedByOthersError("its code is not what Selfright published: somebody edited it")
    return table


@dataclass(frozen=True)
class Destination:
    """Where a visitor's path leads: to the object `key`, or with a `status` of redirection to `location`.

    The path is refused when both are empty.
    """

    key: str = ""
    status: int = 0
    location: str = ""


def route(path: str, revision: str, table: RoutingTable) -> Destination:
    """Where a visitor's path leads, the same as in `routing.js`."""
    clean = _clean(path.partition("?")[0].partition("#")[0])
    if clean is None:
        return Destination()
    site = table.sites.get(revision, {})
    if moved := _moved(site.get("rules", ()), clean):
        query = path.partition("#")[0].partition("?")[2]
        status, location = moved
        return Destination("", status, with_query(location, query))
    return Destination(_key(clean, site, revision, table))


def object_key(path: str, revision: str, table: RoutingTable) -> str | None:
    """The key of the object for a visitor's path; None when the path is refused or leads elsewhere."""
    return route(path, revision, table).key or None


def _clean(uri: str) -> str | None:
    """The decoded path with single slashes; None when no file can have such a path."""
    if _BADLY_ENCODED.search(uri):
        return None
    try:
        clean = re.sub(r"/+", "/", unquote(uri, errors="strict"))
    except UnicodeDecodeError:
        return None
    return None if _ODD.search(clean) else clean


def _key(path: str, site: Mapping[str, Any], revision: str, table: RoutingTable) -> str:
    if table.hashed.get(revision, Sharing()).has(path.removeprefix("/")):
        return path.removeprefix("/")
    folder = f"{REVISIONS}{revision}"
    if path.removeprefix("/") in OWN:
        return f"{folder}/{MISSING_NAME}"
    name = path.rpartition("/")[2]
    is_view = bool(site.get("application")) and "." not in name and path != "/" and not path.startswith(f"/{PUBLIC}")
    if is_view and path not in site.get("known", ()):
        return f"{folder}{site['application']}"
    return folder + (path if name else path + INDEX_PAGE)


def _moved(rules: Sequence[Rule], path: str) -> tuple[int, str] | None:
    """The status and the address of the first rule for this path."""
    parts = path.split("/")
    for pattern, location, status in rules:
        values = match(pattern.split("/"), parts)
        if values is not None:
            return status, filled(location, values)
    return None


def _seal(code: str) -> str:
    return _SEAL.format(hashlib.sha256(code.encode()).hexdigest())


def _table(code: str) -> RoutingTable | None:
    match = _TABLE.search(code)
    try:
        content: dict[str, Any] = json.loads(match[1]) if match else {}
        hashed = content["hashed"] or {}
        return RoutingTable(
            stable=content["stable"] or "",
            canary=content["canary"] or "",
            weight=content["weight"],
            hashed={revision: Sharing.below(folders) for revision, folders in hashed.items()},
            seal=content.get("seal", ""),
            sites=dict(_sites(content, hashed)),
        )
    except (ValueError, KeyError, AttributeError, TypeError):
        return None


def _sites(content: Mapping[str, Any], revisions: Collection[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What a table says of its revisions. An older Selfright wrote the application's page once for all of them."""
    fallback = content.get("fallback", f"/{INDEX_PAGE}")
    for revision, site in content.get("sites", {revision: {"application": True} for revision in revisions}).items():
        yield revision, with_page(site, fallback)


def with_page(site: Mapping[str, Any], fallback: str) -> Mapping[str, Any]:
    """What the function must know of a site, with its application's page; older ones have only said that it has one."""
    return {**site, "application": fallback} if site.get("application") is True else site


@cache
def _template() -> str:
    source = Path(__file__).with_name("routing.js").read_text(encoding="utf-8")
    names = ", ".join(f"{name}: /{pattern}/" for name, pattern in PATTERNS.items())
    return _SPACED.sub(r"\1", _SOURCE_ONLY.sub("", source)).replace(_NAMES, f"const NAMES = {{{names}}};")
