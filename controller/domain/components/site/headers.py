"""The file `_headers` of a site: the subset that Netlify and Cloudflare Pages have in common.

A block is an address, and below it, indented, the headers of answers there: `X-Frame-Options: DENY`. An address may
have `:name` for one part and one `*` for any text. All blocks that fit an address count. What is beyond that is not
sent, and said.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from controller.domain.components.site.moving import address_of
from controller.domain.printable import printable
from controller.errors import InvalidBundleError

MOST = 100
"""So many blocks are read."""
DEEPEST = 10
"""Parts of an address: every file is compared with every block."""
LONGEST = 2_000
ROOM, QUOTES = 1_600, 6
"""Bytes of an object's metadata, of which S3 keeps two kilobytes; and what JSON adds to a header."""
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\x20-\x7e]*")
_WHOLE = re.compile(r":[A-Za-z]\w*", re.ASCII)
_ANY = re.compile(r"\*|(?<=/):[A-Za-z]\w*(?=/|$)", re.ASCII)
_CACHING = "cache-control"
_KEEPS = re.compile(r"^(?!.*\bno-(?:cache|store)\b).*(?:max-age=\"?0*[1-9]|\bimmutable\b)", re.IGNORECASE)
_REFUSED = re.compile(
    r"(connection|content-encoding|content-length|content-range|date|expect|host|keep-alive|proxy-.*|server|set-cookie|te"
    r"|trailer|transfer-encoding|upgrade|via|warning|x-accel-.*|x-amz-.*|x-amzn-.*|x-cache|x-edge-.*|x-forwarded-proto"
    r"|x-real-ip|location)"
)
"""CloudFront lets no function set these, or Selfright sets them itself."""


@dataclass(frozen=True)
class Pattern:
    """An address: `head` are its parts, or with a `*` those before and, in `tail`, those after it; None for a name.

    `begin` and `end` are what the part with the `*` has before and after it; `end` is None without one. What fits
    begins with `prefix` and ends with `suffix`, which is quick to see. No regular expression: one with several parts of
    any length would take seconds for an address that hardly fits.
    """

    prefix: str
    suffix: str
    head: tuple[str | None, ...]
    begin: str = ""
    end: str | None = None
    tail: tuple[str | None, ...] = ()

    @classmethod
    def of(cls, text: str) -> "Pattern":
        """Read an address as the file has it."""
        literal = [unquote(one) for one in _ANY.split(text)]
        first, last = literal[0], literal[-1]
        before, star, after = text.partition("*")
        head, tail = _parts(before), _parts(after)
        if not star:
            return cls(first, last, head)
        return cls(first, last, head[:-1], head[-1] or "", tail[0] or "", tail[1:])

    def fits(self, address: str, parts: Sequence[str]) -> bool:
        """Whether it is for this address, which has these parts."""
        if not (address.startswith(self.prefix) and address.endswith(self.suffix)):
            return False
        if self.end is None:
            return len(parts) == len(self.head) and _are_like(self.head, parts, 0)
        first, last = len(self.head), len(parts) - len(self.tail) - 1
        return (
            first <= last
            and parts[first].startswith(self.begin)
            and parts[last].endswith(self.end)
            and (first < last or len(parts[first]) >= len(self.begin) + len(self.end))
            and _are_like(self.tail, parts, last + 1)
            and _are_like(self.head, parts, 0)
        )


def _parts(text: str) -> tuple[str | None, ...]:
    return tuple(None if _WHOLE.fullmatch(one) else unquote(one) for one in text.split("/"))


def _are_like(wanted: Sequence[str | None], parts: Sequence[str], place: int) -> bool:
    """Whether the parts from a place on are the wanted ones."""
    for one in wanted:
        if one != parts[place] if one is not None else not parts[place]:
            return False
        place += 1
    return True


@dataclass(frozen=True)
class Block:
    """Headers for the addresses that fit; a value of None takes away what an earlier block says."""

    pattern: Pattern
    headers: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class Headers:
    """What a file `_headers` says, and what was not understood."""

    blocks: tuple[Block, ...] = ()
    beyond: tuple[str, ...] = ()

    def at(self, addresses: Iterable[str]) -> dict[str, str]:
        """The headers of answers at any of these addresses; of two blocks with one header both values are sent."""
        wanted, found = [(address, address.split("/")) for address in addresses], dict[str, str]()
        for block in self.blocks:
            if not any(block.pattern.fits(address, parts) for address, parts in wanted):
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
    pattern: Pattern | None = None
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


def _pattern(text: str) -> tuple[Pattern | None, str]:
    if not text.startswith("/") or text.startswith("//"):
        return None, "an address must begin with '/'; those with a host are not supported"
    if text.count("*") > 1 or any(one.isspace() for one in text):
        return None, "an address has at most one '*', and no spaces"
    if not all(_WHOLE.fullmatch(one) for one in text.split("/") if ":" in one):
        return None, "':name' must be a whole part of the path"
    if text.count("/") > DEEPEST:
        return None, f"an address has at most {DEEPEST} parts"
    return Pattern.of(text), ""


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
    return tuple(dict.fromkeys((f"/{name}", f"/{address_of(name)}")))


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
