import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from controller.domain.components.site.headers import ROOM, addresses_at, parse_headers, require_room
from controller.errors import InvalidBundleError

FILE = b"""# all
/*
  X-Frame-Options: DENY
  X-A: 1
/docs/*
  X-A: 2
  ! x-frame-options
/users/:name
  X-User: yes
"""


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("/", {"x-frame-options": "DENY", "x-a": "1"}),
        ("/docs/x", {"x-a": "1, 2"}),
        ("/users/ada", {"x-frame-options": "DENY", "x-a": "1", "x-user": "yes"}),
        ("/users/ada/x", {"x-frame-options": "DENY", "x-a": "1"}),
    ],
)
def test_all_blocks_that_fit_count(address: str, headers: dict[str, str]) -> None:
    """In their order: values are joined, and one may take away what an earlier one says."""
    assert parse_headers(FILE).at([address]) == headers


def test_a_page_in_a_folder_has_two_addresses() -> None:
    """So a block for either of them is for the page."""
    assert addresses_at("docs/index.html") == ("/docs/index.html", "/docs/")
    assert addresses_at("index.html") == ("/index.html", "/")
    assert addresses_at("myindex.html") == ("/myindex.html",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://a.example/*\n  X-A: 1", "with a host"),
        ("/a/*/b/*\n", "at most one"),
        (f"/{':a' * 40}!\n", "whole part"),
        ("/:a-:b\n", "whole part"),
        ("/a\n  no colon", "a name, a colon"),
        ("/a\n  X-\u00e4: 1", "a name, a colon"),
        ("/a\n  X-A: \u00e4", "a name, a colon"),
        ("/a\n  Set-Cookie: a=1", "sets this header"),
        ("/a\n  Content-Length: 1", "sets this header"),
        ("/a\n  X-Amz-Meta-A: 1", "sets this header"),
        ("/a/*\n  X-A: :splat", "placeholders"),
    ],
)
def test_what_is_beyond_is_said(text: str, why: str) -> None:
    """With its line; the other headers are sent."""
    found = parse_headers(text.encode())
    [said] = found.beyond
    assert why in said
    assert not found.at(["/a"])


def test_the_number_of_blocks_is_bounded() -> None:
    """Every file is compared with every block."""
    found = parse_headers(b"".join(b"/%d\n  X-A: 1\n" % number for number in range(101)))
    assert len(found.blocks) == 100
    assert "more than 100 blocks" in found.beyond[0]


def test_headers_for_which_an_object_has_no_room_are_refused() -> None:
    """S3 keeps two kilobytes of metadata; blocks for different addresses do not add up."""
    long = "x" * (ROOM - 100)
    apart = parse_headers(f"/a\n  X-A: {long}\n/b\n  X-A: {long}".encode())
    require_room(apart, ["a", "b"])
    with pytest.raises(InvalidBundleError, match="the headers for 'a' in _headers") as caught:
        require_room(parse_headers(f"/a\n  X-A: {long}\n/*\n  X-B: {long}".encode()), ["b", "a"])
    assert "response headers policy" in caught.value.next_step


@pytest.mark.parametrize(
    ("value", "is_kept"),
    [
        ("public, max-age=31536000, immutable", True),
        ("max-age=60", True),
        ("Immutable", True),
        ("public, max-age=0, must-revalidate", False),
        ("max-age=600, no-cache", False),
        ("no-store", False),
        ("s-maxage=600", False),
    ],
)
def test_what_browsers_keep_is_known(value: str, is_kept: bool) -> None:
    """Neither a release nor a rollback reaches who has it; the files of other blocks are not meant."""
    headers = parse_headers(f"/docs/*\n  Cache-Control: {value}\n/*\n  X-A: 1".encode())
    assert headers.kept_by_browsers(["docs/index.html", "index.html"]) == ["docs/index.html"] * is_kept


PART = st.sampled_from(["a", "b", "ab", "", "a.b"])
LINE = st.lists(st.sampled_from(["a", "b", ":x", "*", "a*", "*b", "a*b", "", "%61"]), min_size=1, max_size=5)


@given(LINE, st.lists(st.lists(PART, min_size=1, max_size=6).map(lambda parts: "/" + "/".join(parts)), max_size=6))
def test_an_address_fits_as_its_regular_expression_would(parts: list[str], addresses: list[str]) -> None:
    """One part that is not empty for a name, any text for the star; nothing here can take long."""
    line = "/" + "/".join(parts)
    assume(line.count("*") < 2 and not line.startswith("//"))
    expression = re.sub(r":x", "[^/]+", re.sub(r"\*", ".*", line.replace("%61", "a")))
    headers = parse_headers(f"{line}\n  X-A: 1".encode())
    found = [address for address in addresses if headers.at([address])]
    assert found == [address for address in addresses if re.fullmatch(expression, address)]


def test_the_worst_addresses_take_no_time() -> None:
    """Twenty thousand files with a hundred blocks: the controller itself compares them."""
    block = "/*" + "".join(f"/:{name}" for name in "abcdefgh") + "/z"
    headers = parse_headers(
        "\n".join(f"{block}{number}\n  Cache-Control: max-age=60" for number in range(100)).encode()
    )
    assert len(headers.blocks) == 100
    files = ["/".join(["a" * 12] * 60) + f"/{number:05}.txt" for number in range(1_000)]
    started = time.process_time()
    assert headers.kept_by_browsers(files) == []
    assert time.process_time() - started < 3


def test_the_depth_of_an_address_is_bounded() -> None:
    """Every file is compared with every part."""
    assert "at most 10 parts" in parse_headers(f"{'/a' * 11}\n  X-A: 1".encode()).beyond[0]


def test_a_mark_of_windows_before_the_first_line_is_skipped() -> None:
    """Its editors begin files with a byte order mark."""
    assert parse_headers(b"\xef\xbb\xbf/a\r\n  X-A: 1\r\n").at(["/a"]) == {"x-a": "1"}
