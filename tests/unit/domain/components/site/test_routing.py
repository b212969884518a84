import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.components.site.routing import LIMIT, RoutingTable, object_key, parse, render, shared_folders
from controller.errors import ChangedByOthersError, InvalidBundleError

A, B = "a" * 16, "b" * 16
SPLIT = RoutingTable(A, B, 10, "/index.html", {A: ("assets/",), B: ("assets/", "static/")})
REVISIONS = st.text("0123456789abcdef", min_size=16, max_size=16)
FOLDERS = st.lists(st.text(min_size=1, max_size=20), max_size=3).map(tuple)
PLACEHOLDER = b'const TABLE = {"stable": null, "canary": null, "weight": 0, "fallback": "/index.html", "hashed": []};\n'


@given(
    REVISIONS, st.one_of(st.just(""), REVISIONS), st.integers(0, 99), st.dictionaries(REVISIONS, FOLDERS, max_size=2)
)
def test_what_is_rendered_can_be_read_again(
    stable: str, canary: str, weight: int, hashed: dict[str, tuple[str]]
) -> None:
    """The published code is the only memory of the routing, so nothing of the table may get lost in it."""
    table = RoutingTable(stable, canary, weight, "/index.html", hashed)
    assert parse(render(table)) == table


def test_a_changed_character_is_somebody_elses_code() -> None:
    """The first line holds the digest of the rest, so an edit by a person is seen wherever it was made."""
    with pytest.raises(ChangedByOthersError, match="somebody edited it"):
        parse(render(SPLIT).replace(b'"weight": 10', b'"weight": 50'))


def test_code_of_another_template_is_still_ours() -> None:
    """An upgraded controller finds the code of the older one, and must not take it for a person's."""
    rest = render(SPLIT).partition(b"\n")[2] + b"// an older template\n"
    seal = f"// selfright-routing {hashlib.sha256(rest).hexdigest()}\n".encode()
    assert parse(seal + rest) == SPLIT


@pytest.mark.parametrize(
    "code", [b"", b"function handler(event) { return event.request; }", b"const TABLE = {oops};", b"\xff\xfe"]
)
def test_code_without_a_table_is_somebody_elses(code: bytes) -> None:
    """A function that never was Selfright's is not overwritten."""
    with pytest.raises(ChangedByOthersError):
        parse(code)


def test_the_stacks_placeholder_is_an_empty_table() -> None:
    """Before the first release the stack's own code answers; it names no revision, so it may be replaced."""
    assert parse(PLACEHOLDER) == RoutingTable()


def test_code_that_cloudfront_would_refuse_is_refused_here() -> None:
    """CloudFront takes 10 KB; the error says what to shorten."""
    with pytest.raises(InvalidBundleError, match=str(LIMIT)) as caught:
        render(RoutingTable(A, hashed={A: tuple(f"folder-{number}/" for number in range(1000))}))
    assert "hashed" in caught.value.next_step


@pytest.mark.parametrize(
    ("table", "ours"),
    [
        (RoutingTable(A), True),
        (RoutingTable(A, B, 10), True),
        (RoutingTable(B), True),
        (RoutingTable("c" * 16), False),
        (RoutingTable(A, "c" * 16, 10), False),
        (RoutingTable(B, A, 10), False),
        (RoutingTable(), False),
    ],
)
def test_only_the_two_revisions_of_a_deployment_are_its_own(table: RoutingTable, ours: bool) -> None:
    """Anything else was made by a person, and is left alone."""
    assert table.is_between(A, B) is ours


def test_promotion_keeps_the_folders_of_the_way_back() -> None:
    """A rollback after promotion needs no look into the bucket: the table still knows the stable revision's folders."""
    promoted = SPLIT.pointed_at(A, B, 100)
    assert (promoted.stable, promoted.canary, promoted.weight) == (B, "", 0)
    assert promoted.pointed_at(A, B, 0) == RoutingTable(A, "", 0, "/index.html", SPLIT.hashed)


def test_older_folders_are_forgotten() -> None:
    """The table stays small however many releases there are: only the two revisions of a deployment are in it."""
    table = RoutingTable(A, hashed={A: ("assets/",), "c" * 16: ("old/",)})
    assert set(table.pointed_at(A, B, 10).hashed) == {A}


def test_patterns_name_folders() -> None:
    """The manifest's patterns are folders with `**`."""
    assert shared_folders(["static/**", "assets/**"]) == ["assets/", "static/"]


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/", f"revisions/{A}/index.html"),
        ("/index.html?x=1#top", f"revisions/{A}/index.html"),
        ("/trips/5", f"revisions/{A}/index.html"),
        ("/docs/", f"revisions/{A}/index.html"),
        ("/robots.txt", f"revisions/{A}/robots.txt"),
        ("//robots.txt", f"revisions/{A}/robots.txt"),
        ("/assets/app-1.js", "assets/app-1.js"),
        ("/assets/a%20b.js", "assets/a b.js"),
        ("/static/x.css", f"revisions/{A}/static/x.css"),
        (f"/revisions/{B}/index.html", f"revisions/{A}/revisions/{B}/index.html"),
        ("/.index.json", f"revisions/{A}/index.html"),
        ("/.well-known/security.txt", f"revisions/{A}/.well-known/security.txt"),
        ("/../secret.txt", None),
        ("/assets/%2e%2e/secret.txt", None),
        ("/a%5cb", None),
        ("/a%00.txt", None),
        ("/%ff", None),
        ("/%zz", None),
    ],
)
def test_a_path_finds_its_object(path: str, key: str | None) -> None:
    """A page is the revision's fallback, a file is its own, a shared file lies outside, and tricks find nothing."""
    assert object_key(path, A, SPLIT) == key
