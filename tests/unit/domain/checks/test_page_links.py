import pytest

from controller.domain.checks.page_links import Link, links_in
from controller.domain.checks.page_types import Use, is_plausible

URL = "https://app.example/trips/"


def found(html: str) -> set[tuple[str, Use]]:
    """Path and use of what a page links to."""
    return {(link.url.removeprefix("https://app.example"), link.use) for link in links_in(URL, Use.PAGE, html.encode())}


@pytest.mark.parametrize(
    ("html", "links"),
    [
        ('<script type="module" src="/assets/a.js"></script>', {("/assets/a.js", Use.SCRIPT)}),
        ("<script src=a.js></script>", {("/trips/a.js", Use.SCRIPT)}),
        ('<script type="application/ld+json" src="/data"></script>', {("/data", Use.FILE)}),
        ('<link rel="stylesheet" href="../a.css">', {("/a.css", Use.STYLE)}),
        ('<link rel="shortcut ICON" href="/i.svg#x">', {("/i.svg", Use.IMAGE)}),
        ('<link rel="modulepreload" href="/a.js">', {("/a.js", Use.SCRIPT)}),
        ('<link rel="preload" as="font" href="/a.woff2">', {("/a.woff2", Use.FONT)}),
        ('<link rel="preload" as="fetch" href="/a.json">', {("/a.json", Use.FILE)}),
        ('<link rel="manifest" href="/app.webmanifest">', {("/app.webmanifest", Use.MANIFEST)}),
        ('<img src="/a.png" srcset="/b.png 1x, /c,d.png 2x">', {(f"/{n}.png", Use.IMAGE) for n in ("a", "b", "c,d")}),
        ('<picture><source srcset="/a.avif"></picture>', {("/a.avif", Use.IMAGE)}),
        ('<video src="/a.mp4" poster="/a.jpg">', {("/a.mp4", Use.MEDIA), ("/a.jpg", Use.IMAGE)}),
        ('<svg><use href="/sprite.svg#x"/><image xlink:href="/a.png"/></svg>',
         {("/sprite.svg", Use.IMAGE), ("/a.png", Use.IMAGE)}),
        ("<style>body { background: url(/a.png) }</style>", {("/a.png", Use.FILE)}),
        ('<base href="/sub/"><img src="a.png">', {("/sub/a.png", Use.IMAGE)}),
        ('<iframe src="/inner.html"></iframe>', {("/inner.html", Use.PAGE)}),
        ('<input type="image" src="/a.png"><input src="/b.png">', {("/a.png", Use.IMAGE)}),
    ],
)  # fmt: skip
def test_links_that_a_browser_loads_are_found(html: str, links: set[tuple[str, Use]]) -> None:
    """Each has its complete address and its use."""
    assert found(html) == links


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<script src="http://app.example/a.js"></script>',
        '<img src="data:image/png;base64,AAAA">',
        '<img src=""><img src=" "><img>',
        '<svg><use href="#here"/></svg>',
        '<a href="/other">other</a>',
        '<link rel="canonical" href="/"><link rel="alternate stylesheet" href="/x.css">',
        '<link rel="preconnect" href="/">',
        '<img src="http://[">',
        '<base href="http://["><img src="http://[x">',
        "<!-- <img src='/a.png'> -->",
        "<script>'<img src=\"/a.png\">'</script>",
        "<p style='",
    ],
)
def test_other_links_are_not_found(html: str) -> None:
    """Links to other origins or pages, and invalid addresses, are left out."""
    assert found(html) == set()


def test_a_stylesheet_names_stylesheets_fonts_and_images() -> None:
    """It names them with `@import` and `url()`, relative to itself; comments do not count."""
    css = b"""@import "base.css"; @import url('/print.css') print; /* url(/gone.png) */
    @font-face { src: url("a.woff2") format("woff2"), url( '/b.woff' ) }
    p { background: url(../c.png); filter: url(#blur); mask: url(data:image/svg+xml;utf8,x) } /* url(/open"""
    assert {(link.url, link.use) for link in links_in("https://app.example/assets/a.css", Use.STYLE, css)} == {
        ("https://app.example/assets/base.css", Use.STYLE),
        ("https://app.example/print.css", Use.STYLE),
        ("https://app.example/assets/a.woff2", Use.FILE),
        ("https://app.example/b.woff", Use.FILE),
        ("https://app.example/c.png", Use.FILE),
    }


def test_a_manifest_names_icons() -> None:
    """They are the icons of an app that can be installed."""
    manifest = b'{"icons": [{"src": "/192.png"}, {"src": "https://cdn.example/512.png"}]}'
    assert links_in(URL, Use.MANIFEST, manifest) == {Link("https://app.example/192.png", Use.IMAGE)}


@pytest.mark.parametrize("manifest", [b"<html>", b"[]", b'{"icons": 3}', b'{"icons": [3]}', b"{}", b"[" * 100_000])
def test_an_odd_manifest_names_nothing(manifest: bytes) -> None:
    """It is still loaded, and its type is checked."""
    assert links_in(URL, Use.MANIFEST, manifest) == set()


@pytest.mark.parametrize(
    ("use", "path", "kind", "plausible"),
    [
        (Use.PAGE, "/", "text/html", True),
        (Use.PAGE, "/", "application/json", False),
        (Use.SCRIPT, "/a.js", "text/javascript", True),
        (Use.SCRIPT, "/a.js", "text/html", False),
        (Use.SCRIPT, "/a.js", "", False),
        (Use.STYLE, "/a.css", "text/plain", False),
        (Use.IMAGE, "/a", "image/avif", True),
        (Use.FONT, "/a.woff2", "font/woff2", True),
        (Use.FONT, "/a.woff2", "binary/octet-stream", True),
        (Use.IMAGE, "/a.png", "binary/octet-stream", False),
        (Use.MANIFEST, "/m.json", "application/json", True),
        (Use.FILE, "/a.woff2", "text/html", False),
        (Use.FILE, "/a.woff2", "font/woff2", True),
        (Use.FILE, "/data", "text/html", True),
        (Use.FILE, "/part.html", "text/html", True),
    ],
)
def test_a_content_type_is_plausible_for_a_use_or_not(use: Use, path: str, kind: str, plausible: bool) -> None:
    """So a missing file that is answered with the page is found."""
    assert is_plausible(use, path, kind) is plausible
