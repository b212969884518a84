"""The file `_redirects` of a site: the subset that Netlify and Cloudflare Pages have in common.

A line is an address, where it leads to, and a status: `/old /new 301`. An address may have `:name` for one part and end
in `*` for the rest, which is `:splat` where it leads to. What is beyond that is not followed, and said.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from controller.domain.components.site.names import NotFoundHandling
from controller.domain.printable import printable
from controller.domain.zip.rules import why_unsafe

STATUSES = (301, 302, 303, 307, 308)
USUAL = 302
"""The status of a line without one. Netlify takes 301, which browsers keep for ever; Cloudflare Pages takes 302."""
MOST = 2_000
LONGEST = 1_000
Rule = tuple[str, str, int]
"""An address (with `:name` for a part of it, `*` for its rest), where it leads to, and the status."""
_PLACEHOLDER = re.compile(r":([A-Za-z]\w*)", re.ASCII)
_SEGMENT = re.compile(r":[A-Za-z]\w*|[^:*]*", re.ASCII)
_TO = re.compile(r"/(?!/)\S*|https?://\S+")
_NOT_FOUND: dict[tuple[str, str, str], NotFoundHandling] = {
    ("/*", "/index.html", "200"): "single-page-application",
    ("/*", "/", "200"): "single-page-application",
    ("/*", "/404.html", "404"): "404-page",
}
"""Lines that say what shows what is missing."""
_OTHERS = "; with 200 and 404 only `/* /index.html 200` and `/* /404.html 404` are followed"


@dataclass(frozen=True)
class MovedAddress:
    """One line: `source` is decoded and without a slash at its end; `forced` comes before a file of that name."""

    source: str
    target: str
    status: int
    forced: bool = False

    @property
    def is_pattern(self) -> bool:
        """Whether it is for more than one address."""
        return ":" in self.source or self.source.endswith("*")

    @property
    def rule(self) -> Rule:
        """As the routing function reads it."""
        return self.source, self.target, self.status


@dataclass(frozen=True)
class Redirects:
    """What a file `_redirects` says: its lines in order, what shows what is missing, and what was not understood."""

    moves: tuple[MovedAddress, ...] = ()
    handling: NotFoundHandling | None = None
    beyond: tuple[str, ...] = ()


def parse_redirects(data: bytes) -> Redirects:
    """Read the file."""
    moves: dict[str, MovedAddress] = {}
    beyond: list[str] = []
    handling: NotFoundHandling | None = None
    for number, words in _lines(data):
        if said := _NOT_FOUND.get((words[0], *(word.removesuffix("!") for word in words[1:3]))):  # type: ignore[arg-type]
            handling = handling or said
            continue
        move = _move(words)
        if isinstance(move, str) or len(moves) >= MOST:
            why = move if isinstance(move, str) else f"there are more than {MOST} lines"
            beyond.append(f"line {number} ({printable(' '.join(words))[:80]}): {why}")
        else:
            moves.setdefault(move.source, move)  # of two lines for one address the first counts
    return Redirects(tuple(moves.values()), handling, tuple(beyond))


def _lines(data: bytes) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(data.decode("utf-8-sig", errors="replace").splitlines(), 1):
        words = line.split()
        comment = next((place for place, word in enumerate(words) if word.startswith("#")), len(words))
        if words[:comment]:
            yield number, words[:comment]


def _move(words: list[str]) -> MovedAddress | str:
    """The line's move, or why it is none."""
    source, target, status = [*words, "", ""][:3]
    status = status or str(USUAL)
    number = status.removesuffix("!")
    reasons = [
        (len(" ".join(words)) > LONGEST, f"it has more than {LONGEST} characters"),
        (len(words) > 3, "conditions and query parameters are not supported"),  # noqa: PLR2004 - from, to, status
        (not source.startswith("/"), "it must begin with '/'"),
        (not _TO.fullmatch(target), "it must lead to a path or an http(s) address"),
        (
            number not in map(str, STATUSES),
            f"the status must be one of {', '.join(map(str, STATUSES))}{_OTHERS}",
        ),
    ]
    if why := next((why for wrong, why in reasons if wrong), ""):
        return why
    decoded = unquote(source)
    bare = decoded.strip("/")
    if unsafe := why_unsafe(bare) if bare else None:
        return f"its address {unsafe}"
    if len(sendable := _sendable(target)) > LONGEST:
        return f"where it leads to has more than {LONGEST} characters when it is sent"
    parts = (decoded.removesuffix("/") or "/").split("/")
    if not all(_SEGMENT.fullmatch(part) for part in parts[:-1]) or not (
        parts[-1] == "*" or _SEGMENT.fullmatch(parts[-1])
    ):
        return "':name' must be a whole part of the path, and '*' its end"
    known = {part[1:] for part in parts if part.startswith(":")} | ({"splat"} if parts[-1] == "*" else set())
    if not set(_PLACEHOLDER.findall(target)) <= known:
        return "it leads to a placeholder that it does not have"
    return MovedAddress("/".join(parts) or "/", sendable, int(number), status.endswith("!"))


def _sendable(target: str) -> str:
    """An address as a header may have it."""
    return "".join(one if "!" <= one <= "~" else "".join(f"%{byte:02X}" for byte in one.encode()) for one in target)
