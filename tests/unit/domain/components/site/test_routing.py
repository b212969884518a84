import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.components.site.addresses import FUNCTION_BYTES
from controller.domain.components.site.hashes import Sharing
from controller.domain.components.site.routing import (
    LIMIT,
    Destination,
    RoutingTable,
    object_key,
    parse,
    render,
    route,
)
from controller.errors import ChangedByOthersError, InvalidBundleError

A, B = "a" * 16, "b" * 16
SPLIT = RoutingTable(A, B, 10, {A: Sharing(("assets/",)), B: Sharing()}, sites={A: {"application": "/index.html"}})
REVISIONS = st.text("0123456789abcdef", min_size=16, max_size=16)
SHARING = st.one_of(st.none(), st.lists(st.text(min_size=1, max_size=20), max_size=3)).map(Sharing.below)
PLACEHOLDER = b'const TABLE = {"stable": null, "canary": null, "weight": 0, "fallback": "/index.html", "hashed": []};\n'


@given(
    REVISIONS, st.one_of(st.just(""), REVISIONS), st.integers(0, 99), st.dictionaries(REVISIONS, SHARING, max_size=2)
)
def test_a_rendered_table_can_be_read_again(stable: str, canary: str, weight: int, hashed: dict[str, Sharing]) -> None:
    """The published code is the only record of the routing, so it must hold the whole table."""
    table = RoutingTable(stable, canary, weight, hashed)
    assert parse(render(table)) == table


def test_an_edited_function_is_recognised() -> None:
    """The first line holds the digest of the rest, so any edit by a person is found."""
    with pytest.raises(ChangedByOthersError, match="somebody edited it"):
        parse(render(SPLIT).replace(b'"weight": 10', b'"weight": 50'))


def test_code_of_another_template_is_accepted() -> None:
    """An updated controller finds the older one's code, and must not take it for an edit by a person."""
    rest = render(SPLIT).partition(b"\n")[2] + b"// an older template\n"
    seal = f"// selfright-routing {hashlib.sha256(rest).hexdigest()}\n".encode()
    assert parse(seal + rest) == SPLIT


@pytest.mark.parametrize(
    "code", [b"", b"function handler(event) { return event.request; }", b"const TABLE = {oops};", b"\xff\xfe"]
)
def test_code_without_a_table_is_refused(code: bytes) -> None:
    """Selfright does not overwrite a function that was never its own."""
    with pytest.raises(ChangedByOthersError):
        parse(code)


def test_the_stacks_placeholder_is_an_empty_table() -> None:
    """Before the first release the stack's own code answers; it names no revision, so a release may replace it."""
    assert parse(PLACEHOLDER) == RoutingTable()


def test_code_that_cloudfront_would_refuse_is_refused_here() -> None:
    """CloudFront allows 10 KB; the error says what to shorten."""
    with pytest.raises(InvalidBundleError, match=str(LIMIT)) as caught:
        render(RoutingTable(A, hashed={A: Sharing(tuple(f"folder-{number}/" for number in range(1000)))}))
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
def test_only_the_two_revisions_of_a_deployment_belong_to_it(table: RoutingTable, ours: bool) -> None:
    """Any other routing was made by a person, and stays as it is."""
    assert table.is_between(A, B) is ours


def test_promotion_keeps_the_folders_for_a_rollback() -> None:
    """A rollback after promotion need not read the bucket: the table still has the stable revision's folders."""
    promoted = SPLIT.pointed_at(A, B, 100)
    assert (promoted.stable, promoted.canary, promoted.weight) == (B, "", 0)
    assert promoted.pointed_at(A, B, 0) == RoutingTable(A, "", 0, SPLIT.hashed, sites=SPLIT.sites)


def test_older_folders_are_forgotten() -> None:
    """The table has only the two revisions of a deployment, so it stays small after many releases."""
    table = RoutingTable(A, hashed={A: Sharing(("assets/",)), "c" * 16: Sharing(("old/",))})
    assert set(table.pointed_at(A, B, 10).hashed) == {A}


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/", f"revisions/{A}/index.html"),
        ("/index.html?x=1#top", f"revisions/{A}/index.html"),
        ("/trips/5", f"revisions/{A}/index.html"),
        ("/docs/", f"revisions/{A}/index.html"),
        ("/users/john.doe", f"revisions/{A}/users/john.doe"),
        ("/.well-known/acme-challenge/a1b2", f"revisions/{A}/.well-known/acme-challenge/a1b2"),
        ("/c++.html", f"revisions/{A}/c++.html"),
        ("/a%20b.html", f"revisions/{A}/a b.html"),
        ("/100%25.html", f"revisions/{A}/100%.html"),
        ("/robots.txt", f"revisions/{A}/robots.txt"),
        ("//robots.txt", f"revisions/{A}/robots.txt"),
        ("/assets/app-1.js", "assets/app-1.js"),
        ("/assets/a%20b.js", "assets/a b.js"),
        ("/static/x.css", f"revisions/{A}/static/x.css"),
        (f"/revisions/{B}/index.html", f"revisions/{A}/revisions/{B}/index.html"),
        ("/.index.json", f"revisions/{A}/.404.html"),
        ("/.404.html", f"revisions/{A}/.404.html"),
        ("/_headers", f"revisions/{A}/.404.html"),
        ("/docs/_headers", f"revisions/{A}/index.html"),
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
    """A page is the revision's fallback, a file its own object, a shared file lies outside, and tricks find nothing."""
    assert object_key(path, A, SPLIT) == key


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/", "index.html"),
        ("/docs/", "docs/index.html"),
        ("/docs", "docs"),
        ("/LICENSE", "LICENSE"),
        ("/posts/2024/a.b/", "posts/2024/a.b/index.html"),
        ("/_redirects", ".404.html"),
    ],
)
def test_a_path_of_a_site_of_pages_finds_its_object(path: str, key: str) -> None:
    """Every path is its own object, and a folder's is the page in it; nothing shows the home page instead."""
    assert object_key(path, A, RoutingTable(A)) == f"revisions/{A}/{key}"


def test_an_application_has_files_and_pages_beside_its_own() -> None:
    """The function is told of those without a dot."""
    table = RoutingTable(A, sites={A: {"application": "/index.html", "known": ["/LICENSE", "/docs", "/docs/"]}})
    keys = [object_key(path, A, table) for path in ("/LICENSE", "/docs", "/docs/", "/trips/")]
    assert keys == [f"revisions/{A}/{name}" for name in ("LICENSE", "docs", "docs/index.html", "index.html")]


RULES = [["/blog/:year/:title", "/posts/:title-:year", 301], ["/old/*", "https://example.com/:splat?x", 302]]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/blog/2024/a%20b?q=1", Destination("", 301, "/posts/a%20b-2024?q=1")),
        ("/blog/2024/a/", Destination("", 301, "/posts/a-2024")),
        ("/old/a/b?q=1", Destination("", 302, "https://example.com/a/b?x")),
        ("/old/a/b/", Destination("", 302, "https://example.com/a/b/?x")),
        ("/old", Destination("", 302, "https://example.com/?x")),
        ("/old/", Destination("", 302, "https://example.com/?x")),
        ("/blog/2024", Destination(f"revisions/{A}/blog/2024")),
        ("/blog//a", Destination(f"revisions/{A}/blog/a")),
    ],
)
def test_a_rule_redirects(path: str, expected: Destination) -> None:
    """A placeholder is one part of the path, a splat its rest; the query stays, unless the rule has its own."""
    assert route(path, A, RoutingTable(A, sites={A: {"rules": RULES}})) == expected


def test_a_table_of_an_older_selfright_is_one_of_applications() -> None:
    """Its function showed the page for every path without a dot, and a rollback must do the same."""
    rest = '"canary": null, "weight": 0, "fallback": "/index.html"'
    code = f'const TABLE = {{"stable": "{A}", {rest}, "hashed": {{"{A}": []}}}};'
    seal = hashlib.sha256(code.encode()).hexdigest()
    assert parse(f"// selfright-routing {seal}\n{code}".encode()).sites == {A: {"application": "/index.html"}}


def test_an_applications_page_is_the_revisions_own() -> None:
    """Two revisions that were staged with another page each serve it, as the environment was then."""
    sites = {A: {"application": "/index.html"}, B: {"application": "/app.html"}}
    table = RoutingTable(A, B, 10, {A: Sharing(), B: Sharing()}, sites=sites)
    assert object_key("/trips", A, table) == f"revisions/{A}/index.html"
    assert object_key("/trips", B, parse(render(table))) == f"revisions/{B}/app.html"


def test_the_page_of_an_older_table_is_that_of_its_environment() -> None:
    """It stood there once, for both revisions."""
    rest = '"canary": null, "weight": 0, "fallback": "/app.html"'
    sites = f'"sites": {{"{A}": {{"application": true}}}}'
    code = f'const TABLE = {{"stable": "{A}", {rest}, "hashed": {{"{A}": []}}, {sites}}};'
    seal = hashlib.sha256(code.encode()).hexdigest()
    assert parse(f"// selfright-routing {seal}\n{code}".encode()).sites == {A: {"application": "/app.html"}}


def test_three_kilobytes_of_the_function_are_free() -> None:
    """An ordinary table of two revisions leaves this room for rules and addresses of both."""
    sites = {A: {"application": "/index.html", "known": ["/LICENSE"]}, B: {}}
    table = RoutingTable(A, B, 10, {A: Sharing(("assets/",)), B: Sharing()}, "4 forward", sites)
    assert len(render(table)) <= LIMIT - 3 * 1024


def test_two_revisions_that_say_all_they_may_have_room() -> None:
    """What staging accepts for each of two revisions, the function holds during their canary."""
    site = {"rules": [["x" * (FUNCTION_BYTES - 20), "", 1]]}
    folders = tuple(f"{number:03}/" for number in range(50))
    table = RoutingTable(A, B, 10, {A: Sharing(folders), B: Sharing(folders)}, "4 forward", {A: site, B: site})
    assert len(render(table)) <= LIMIT
