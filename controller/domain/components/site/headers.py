"""The file `_headers` of a site: the subset that Netlify and Cloudflare Pages have in common.

A block is an address, and below it, indented, the headers of answers there: `X-Frame-Options: DENY`. An address may
have `:name` for one part and one `*` for any text. All blocks that fit an address count. What is beyond that is not
sent, and said.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from controller.domain.components.site.addresses import INDEX
from controller.domain.printable import printable
from controller.errors import InvalidBundleError

MOST = 100
"""So many blocks are read."""
LONGEST = 2_000
ROOM, QUOTES = 1_600, 6
"""Bytes of an object's metadata, of which S3 keeps two kilobytes; and what JSON adds to a header."""
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\x20-\x7e]*")
_WHOLE = re.compile(r":[A-Za-z]\w*", re.ASCII)
_PARTS = re.compile(r"(\*|:[A-Za-z]\w*)", re.ASCII)
_CACHING = "cache-control"
_KEEPS = re.compile(r"^(?!.*\bno-(?:cache|store)\b).*(?:max-age=\"?0*[1-9]|\bimmutable\b)", re.IGNORECASE)
_REFUSED = re.compile(
    r"(connection|content-encoding|content-length|content-range|date|expect|host|keep-alive|proxy-.*|server|set-cookie|te"
    r"|trailer|transfer-encoding|upgrade|via|warning|x-accel-.*|x-amz-.*|x-amzn-.*|x-cache|x-edge-.*|x-forwarded-proto"
    r"|x-real-ip|location)"
)
"""CloudFront lets no function set these, or Selfright sets them itself."""


@dataclass(frozen=True)
class Block:
    """Headers for the addresses that fit; a value of None takes away what an earlier block says."""

    pattern: re.Pattern[str]
    headers: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class Headers:
    """What a file `_headers` says, and what was not understood."""

    blocks: tuple[Block, ...] = ()
    beyond: tuple[str, ...] = ()

    def at(self, addresses: Iterable[str]) -> dict[str, str]:
        """The headers of answers at any of these addresses; of two blocks with one header both values are sent."""
        wanted, found = tuple(addresses), dict[str, str]()
        for block in self.blocks:
            if not any(block.pattern.fullmatch(address) for address in wanted):
                continue
            for name, value in block.headers:
                if value is None:
                    found.pop(name, None)
                else:
                    found[name] = f"{found[name]}, {value}" if name in found else value
        return found

    def kept_by_browsers(self, names: Iterable[str]) -> list[str]:
        """The objects of these that browsers may use for a while without asking, whatever is released."""
        blocks = tuple(block for block in self.blocks if any(name == _CACHING for name, _ in block.headers))
        caching = Headers(blocks)
        return (
            [one for one in names if _KEEPS.search(caching.at(addresses_at(one)).get(_CACHING, ""))] if blocks else []
        )


def parse_headers(data: bytes) -> Headers:
    """Read the file."""
    blocks: list[Block] = []
    beyond: list[str] = []
    pattern: re.Pattern[str] | None = None
    for number, line in enumerate(data.decode("utf-8-sig", errors="replace").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        why = ""
        if not line[0].isspace():
            pattern, why = _pattern(text)
            if pattern and len(blocks) < MOST:
                blocks.append(Block(pattern, ()))
            elif pattern:
                pattern, why = None, f"there are more than {MOST} blocks"
        elif pattern:
            header = _header(text)
            if isinstance(header, str):
                why = header
            else:
                blocks[-1] = Block(pattern, (*blocks[-1].headers, header))
        if why:
            beyond.append(f"line {number} ({printable(text)[:80]}): {why}")
    return Headers(tuple(blocks), tuple(beyond))


def _pattern(text: str) -> tuple[re.Pattern[str] | None, str]:
    if not text.startswith("/") or text.startswith("//"):
        return None, "an address must begin with '/'; those with a host are not supported"
    if text.count("*") > 1 or any(one.isspace() for one in text):
        return None, "an address has at most one '*', and no spaces"
    if not all(_WHOLE.fullmatch(one) for one in text.split("/") if ":" in one):
        return None, "':name' must be a whole part of the path"
    parts = [_part(one) for one in _PARTS.split(unquote(text))]
    return re.compile("".join(parts)), ""


def _part(text: str) -> str:
    if text == "*":
        return ".*"
    return "[^/]+" if _PARTS.fullmatch(text) else re.escape(text)


def _header(text: str) -> tuple[str, str | None] | str:
    """The header of a line, or why it has none."""
    if text.startswith("!"):
        return text.removeprefix("!").strip().lower(), None
    name, colon, value = (part.strip() for part in text.partition(":"))
    if not colon or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value) or len(text) > LONGEST:
        return "a header is a name, a colon and a value of ASCII characters"
    if _REFUSED.fullmatch(name.lower()):
        return "CloudFront or Selfright sets this header"
    if ":splat" in value:
        return "placeholders in values are not supported"
    return name.lower(), value


def addresses_at(name: str) -> tuple[str, ...]:
    """The addresses at which an object is shown: `docs/index.html` is at `/docs/`, too."""
    return (
        (f"/{name}", f"/{name.removesuffix(INDEX)}") if name == INDEX or name.endswith(f"/{INDEX}") else (f"/{name}",)
    )


def require_room(headers: Headers, paths: Iterable[str]) -> None:
    """Raise `InvalidBundleError` when an object's metadata would have no room for its headers."""
    everything = sum(len(name) + len(value or "") + QUOTES for block in headers.blocks for name, value in block.headers)
    if everything <= ROOM:
        return
    for path in paths:
        size = len(json.dumps(headers.at(addresses_at(path))))
        if size > ROOM:
            raise InvalidBundleError(
                f"the headers for '{path}' in _headers have {size} bytes; {ROOM} are allowed",
                "Write fewer or shorter ones, or let CloudFront add them (a response headers policy).",
            )
