"""The links in a page, a stylesheet and a web app's manifest that a browser loads by itself.

Links to other pages are left out, and so is what scripts import or fetch: only running them would show that.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

from controller.domain.checks.page_types import Use

LONGEST = 2048
_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_CSS_IMPORT = re.compile(r"""@import\s+(?:url\(\s*)?["']?([^"')\s;]+)""", re.IGNORECASE)
_CSS_URL = re.compile(r"""url\(\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^"'()\s]+))\s*\)""", re.IGNORECASE)
_CANDIDATE = re.compile(r"(\S*[^\s,])(?:\s+[\d.]+[wxh])?\s*(?:,|$)")
_SOURCES: Mapping[str, tuple[tuple[str, Use], ...]] = {
    "img": (("src", Use.IMAGE),),
    "image": (("href", Use.IMAGE), ("xlink:href", Use.IMAGE)),
    "use": (("href", Use.IMAGE), ("xlink:href", Use.IMAGE)),
    "source": (("src", Use.MEDIA),),
    "video": (("src", Use.MEDIA), ("poster", Use.IMAGE)),
    "audio": (("src", Use.MEDIA),),
    "track": (("src", Use.FILE),),
    "embed": (("src", Use.FILE),),
    "object": (("data", Use.FILE),),
    "iframe": (("src", Use.PAGE),),
}
_RELATIONS: Mapping[str, Use] = {
    "stylesheet": Use.STYLE,
    "modulepreload": Use.SCRIPT,
    "manifest": Use.MANIFEST,
    "icon": Use.IMAGE,
    "apple-touch-icon": Use.IMAGE,
    "mask-icon": Use.IMAGE,
    "prefetch": Use.FILE,
}
_PRELOADS: Mapping[str, Use] = {
    "script": Use.SCRIPT,
    "worker": Use.SCRIPT,
    "style": Use.STYLE,
    "image": Use.IMAGE,
    "font": Use.FONT,
    "video": Use.MEDIA,
    "audio": Use.MEDIA,
}
WITH_LINKS = frozenset({Use.PAGE, Use.STYLE, Use.MANIFEST})
"""The uses of files in which links are looked for."""
_SCRIPTS = {"", "module", "text/javascript", "application/javascript"}


@dataclass(frozen=True, slots=True)
class Link:
    """A complete address without fragment, and the use of the file there."""

    url: str
    use: Use


def links_in(url: str, use: Use, body: bytes) -> set[Link]:
    """The links to the same origin in the file from `url`; empty for files of types without links."""
    text = body.decode(errors="replace")
    match use:
        case Use.PAGE:
            found = _Page.links(url, text)
        case Use.STYLE:
            found = [(url, *one) for one in _style_links(text)]
        case Use.MANIFEST:
            found = [(url, *one) for one in _manifest_links(text)]
        case _:
            return set()
    joined = (_link(*one) for one in found)
    return {link for link in joined if link and origin(link.url) == origin(url)}


def origin(url: str) -> tuple[str, str]:
    """Scheme and host of an address."""
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


def _link(base: str, target: str, use: Use) -> Link | None:
    try:
        url = urldefrag(urljoin(base, target.strip())).url
        is_web = urlsplit(url).scheme in {"http", "https"}
    except ValueError:  # `http://[` and the like, which no browser loads
        return None
    return Link(url, use) if is_web and target.strip() and not target.strip().startswith("#") else None


def _style_links(text: str) -> Iterator[tuple[str, Use]]:
    clean = _CSS_COMMENT.sub("", text)
    imported = set(_CSS_IMPORT.findall(clean))
    yield from ((target, Use.STYLE) for target in imported)
    for groups in _CSS_URL.findall(clean):
        target = next(filter(None, groups), "")
        if target not in imported and len(target) <= LONGEST:
            yield target, Use.FILE


def _manifest_links(text: str) -> Iterator[tuple[str, Use]]:
    try:
        icons = json.loads(text)["icons"]
        yield from ((str(icon["src"]), Use.IMAGE) for icon in icons)
    except (ValueError, KeyError, TypeError, RecursionError):
        return


class _Page(HTMLParser):
    """Collects a page's links: base, target, use."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, Use]] = []
        self._base, self._in_style = url, False

    @classmethod
    def links(cls, url: str, text: str) -> list[tuple[str, str, Use]]:
        """The links of a page; of one that the parser cannot read to its end, those before that."""
        page = cls(url)
        with suppress(AssertionError, ValueError):  # It asserts that a declaration (`<![…`) is a known one.
            page.feed(text)
            page.close()
        return page.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "base" and values.get("href"):
            with suppress(ValueError):
                self._base = urljoin(self._base, values["href"])
        self._in_style = tag == "style"
        for target, use in _tag_links(tag, values):
            if target and len(target) <= LONGEST:
                self.found.append((self._base, target, use))

    def handle_endtag(self, _tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.found.extend((self._base, *one) for one in _style_links(data))


def _tag_links(tag: str, values: Mapping[str, str]) -> Iterator[tuple[str, Use]]:
    for attribute, use in _SOURCES.get(tag, ()):
        yield values.get(attribute, ""), use
    if tag in {"img", "source"}:
        yield from ((target, Use.IMAGE) for target in _candidates(values.get("srcset", "")))
    if tag == "input" and values.get("type", "").lower() == "image":
        yield values.get("src", ""), Use.IMAGE
    if tag == "script":
        yield values.get("src", ""), Use.SCRIPT if values.get("type", "").lower() in _SCRIPTS else Use.FILE
    if tag == "link":
        yield from _relation_links(values)


def _relation_links(values: Mapping[str, str]) -> Iterator[tuple[str, Use]]:
    relations, target = values.get("rel", "").lower().split(), values.get("href", "")
    if "alternate" in relations:
        return  # An alternate stylesheet or a feed, which no browser loads by itself.
    if "preload" in relations:
        yield target, _PRELOADS.get(values.get("as", "").lower(), Use.FILE)
        yield from ((one, Use.IMAGE) for one in _candidates(values.get("imagesrcset", "")))
    yield from ((target, _RELATIONS[relation]) for relation in relations if relation in _RELATIONS)


def _candidates(srcset: str) -> list[str]:
    """The addresses of `a.png 1x, b.png 2x`."""
    return _CANDIDATE.findall(srcset[: 8 * LONGEST])
