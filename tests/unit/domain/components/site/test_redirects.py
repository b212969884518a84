import pytest

from controller.domain.components.site.redirects import MovedAddress, parse_redirects

FILE = b"""
# what moved
/old            /new              301
/gone           https://example.com/x?a=1#b   # a comment
/blog/:y/:slug  /posts/:slug-:y   308
/docs/*         /manual/:splat    301!
/caf%C3%A9/     /caf\xc3\xa9-2
/old            /second           302
"""


def test_lines_are_read_in_order() -> None:
    """Addresses are decoded, where they lead is sendable, the first line for an address counts, and 302 is usual."""
    assert parse_redirects(FILE).moves == (
        MovedAddress("/old", "/new", 301),
        MovedAddress("/gone", "https://example.com/x?a=1#b", 302),
        MovedAddress("/blog/:y/:slug", "/posts/:slug-:y", 308),
        MovedAddress("/docs/*", "/manual/:splat", 301, forced=True),
        MovedAddress("/café", "/caf%C3%A9-2", 302),
    )


@pytest.mark.parametrize(
    ("line", "handling"),
    [
        (b"/* /index.html 200", "single-page-application"),
        (b"/* / 200!", "single-page-application"),
        (b"/* /404.html 404", "404-page"),
        (b"/a /b", None),
    ],
)
def test_a_line_may_say_what_shows_what_is_missing(line: bytes, handling: str | None) -> None:
    """As the templates of many frameworks do."""
    found = parse_redirects(line)
    assert (found.handling, found.beyond) == (handling, ())


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("/a", "must lead to"),
        ("a /b", "must begin with"),
        ("https://a.example/* /b", "must begin with"),
        ("/a //b", "must lead to"),
        ("/a javascript:alert(1)", "must lead to"),
        ("/api/* https://api.example/:splat 200", "status"),
        ("/en/* /en/404.html 404", "with 200 and 404 only"),
        ("/a /b 301 Country=de", "conditions"),
        ("/a /b 30²", "status"),
        ("/store id=:id /blog/:id 301", "conditions"),
        ("/a/*/b /c", "whole part"),
        ("/a*  /c", "whole part"),
        ("/a/x:y /c", "whole part"),
        ("/a/:b /c/:d", "placeholder"),
        ("/a /c/:splat", "placeholder"),
        (f"/a /{'b' * 1000}", "more than 1000"),
        (f"/a /{'é' * 400}", "when it is sent"),
        (f"/{'é' * 480} /a", "900 bytes"),
        ("/a/../b /c", "leads out"),
        ("/a%00 /c", "control"),
        ("/a//b /c", "empty"),
    ],
)
def test_what_is_beyond_is_said(line: str, why: str) -> None:
    """With its number, and why; the other lines are followed."""
    found = parse_redirects(f"/ok /fine\n{line}".encode())
    assert found.moves == (MovedAddress("/ok", "/fine", 302),)
    [said] = found.beyond
    assert said.startswith("line 2 (")
    assert why in said


def test_the_number_of_lines_is_bounded() -> None:
    """Whatever a build writes."""
    found = parse_redirects(b"\n".join(b"/%d /x" % number for number in range(2_001)))
    assert len(found.moves) == 2_000
    assert "more than 2000 lines" in found.beyond[0]


def test_a_mark_of_windows_before_the_first_line_is_skipped() -> None:
    """Its editors begin files with a byte order mark."""
    assert parse_redirects(b"\xef\xbb\xbf/a /b\r\n").moves == (MovedAddress("/a", "/b", 302),)


def test_control_characters_are_not_sent() -> None:
    """CloudFront would answer 502."""
    assert parse_redirects(b"/a /b\x7f\x01").moves == (MovedAddress("/a", "/b%7F%01", 302),)
