import gzip

import pytest

from controller.domain.components.site.serving import HEAD_BYTES, Representation, cache_control, representation

PACKED = gzip.compress(b"x", mtime=0)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("a/B.CSS", "text/css; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("app.mjs", "text/javascript; charset=utf-8"),
        ("robots.txt", "text/plain; charset=utf-8"),
        ("app.webmanifest", "application/manifest+json; charset=utf-8"),
        ("data.json", "application/json"),
        ("app.js.map", "application/json"),
        ("logo.svg", "image/svg+xml"),
        ("photo.avif", "image/avif"),
        ("photo.webp", "image/webp"),
        ("font.woff2", "font/woff2"),
        ("favicon.ico", "image/x-icon"),
        ("lib.wasm", "application/wasm"),
        ("movie.mov", "video/quicktime"),
        ("live.m3u8", "application/vnd.apple.mpegurl"),
        (".well-known/apple-app-site-association", "application/json"),
        ("x.unknown", "application/octet-stream"),
    ],
)
def test_content_types_follow_the_name(path: str, expected: str) -> None:
    """It is the same on every machine, with a charset for text."""
    assert representation(path) == Representation(expected)


@pytest.mark.parametrize(
    ("path", "expected", "encoding"),
    [
        ("logo.svgz", "image/svg+xml", "gzip"),
        ("game.framework.js.gz", "text/javascript; charset=utf-8", "gzip"),
        ("game.wasm.gz", "application/wasm", "gzip"),
        ("game.data.gz", "application/octet-stream", "gzip"),
        ("INDEX.HTML.GZ", "text/html; charset=utf-8", "gzip"),
        ("app.css.br", "text/css; charset=utf-8", "br"),
        ("game.data.br", "application/octet-stream", "br"),
    ],
)
def test_what_is_compressed_has_the_type_of_what_is_inside(path: str, expected: str, encoding: str) -> None:
    """Browsers unpack it and use it as that."""
    assert representation(path, PACKED) == Representation(expected, encoding)


@pytest.mark.parametrize(
    ("path", "head", "expected"),
    [
        ("backup.tar.gz", PACKED, "application/gzip"),
        ("table.csv.gz", PACKED, "application/gzip"),
        ("sitemap.xml.gz", PACKED, "application/gzip"),
        ("x.gz", PACKED, "application/gzip"),
        ("x.br", b"", "application/x-brotli"),
        ("app.js.gz", b"not packed", "application/gzip"),
        ("logo.svgz", b"<svg/>", "image/svg+xml"),
    ],
)
def test_archives_stay_archives(path: str, head: bytes, expected: str) -> None:
    """What people download stays packed, and what is not packed is not said to be."""
    assert representation(path, head) == Representation(expected)


@pytest.mark.parametrize(
    ("path", "head", "expected"),
    [
        ("LICENSE", b"MIT License", "text/plain; charset=utf-8"),
        ("CNAME", b"example.com\n", "text/plain; charset=utf-8"),
        (".well-known/openid-configuration", b' {"issuer": ""}', "application/json"),
        (".well-known/acme-challenge/a1", b"a1.key", "text/plain; charset=utf-8"),
        ("about", b"<!DOCTYPE html><title>", "text/html; charset=utf-8"),
        ("caf\u00e9", "\u00e9".encode() * HEAD_BYTES, "text/plain; charset=utf-8"),
        ("data", b"\x00\x01", "application/octet-stream"),
        ("data", b"\xff\xfe", "application/octet-stream"),
        ("empty", b"", "application/octet-stream"),
        ("a.b/LICENSE", b"text", "text/plain; charset=utf-8"),
    ],
)
def test_a_file_without_a_suffix_has_a_type_by_its_contents(path: str, head: bytes, expected: str) -> None:
    """Only the first bytes are looked at, which may end within a character."""
    assert representation(path, head[: HEAD_BYTES - 1]) == Representation(expected)


def test_browsers_keep_hashed_files_forever_and_ask_for_others() -> None:
    """A rollback must reach every browser at its next request; no shared cache may keep a page."""
    assert cache_control(hashed=True) == "public, max-age=31536000, immutable"
    assert cache_control(hashed=False) == "public, max-age=0, must-revalidate"
