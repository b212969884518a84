import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.components.site.addresses import (
    FUNCTION_BYTES,
    MISSING_PAGE,
    Addresses,
    addresses_of,
    is_application,
)
from controller.domain.components.site.hashes import Sharing
from controller.domain.components.site.moving import Redirect
from controller.domain.components.site.names import NotFoundHandling
from controller.domain.components.site.redirects import parse_redirects
from controller.domain.components.site.routing import RoutingTable, route
from controller.errors import InvalidBundleError

APPLICATION: NotFoundHandling = "single-page-application"
PAGES: NotFoundHandling = "404-page"


@pytest.mark.parametrize(
    ("paths", "said", "expected"),
    [
        ({"index.html", "assets/app.js"}, None, True),
        ({"index.html", "docs/index.html"}, None, False),
        ({"index.html", "404.html"}, None, False),
        ({"data.json"}, None, False),
        ({"index.html", "docs/index.html"}, APPLICATION, True),
        ({"index.html"}, PAGES, False),
    ],
)
def test_the_files_say_whether_a_site_is_an_application(
    paths: set[str], said: NotFoundHandling | None, expected: bool
) -> None:
    """One page without a page for what is missing is an application, unless the release says otherwise."""
    assert is_application(paths, said) is expected


def test_a_page_in_a_folder_is_found_without_the_slash() -> None:
    """`/docs` leads to `/docs/`, also where a name must be encoded."""
    found = addresses_of({"index.html", "docs/index.html", "a b/c/index.html"}, None)
    assert found.redirects == {"docs": Redirect("/docs/"), "a b/c": Redirect("/a%20b/c/")}


def test_a_page_is_found_without_its_suffix() -> None:
    """`/about` shows `about.html`, as hosts of such sites do; the pages for a folder and for what is missing do not."""
    found = addresses_of({"index.html", "about.html", "docs/index.html", "404.html"}, None)
    assert found.copies == {".404.html": "404.html", "about": "about.html"}


def test_a_page_is_found_with_a_slash() -> None:
    """`/about/` leads to `/about`, unless the folder is shared or one page answers everything."""
    paths = {"index.html", "about.html", "a b/new.html", "shared.html"}
    found = addresses_of(paths, None, is_shared=lambda path: path.startswith("shared/"))
    assert found.redirects == {"about/index.html": Redirect("/about"), "a b/new/index.html": Redirect("/a%20b/new")}
    assert addresses_of(paths, APPLICATION).redirects == {}


@pytest.mark.parametrize("other", ["about", "about/index.html"])
def test_a_file_that_exists_comes_first(other: str) -> None:
    """Neither a copy nor a redirect takes the address of a file or of a folder's page."""
    found = addresses_of({"index.html", "about.html", other}, None)
    assert "about" not in found.copies
    assert (found.redirects == {}) is (other == "about")


@pytest.mark.parametrize(
    ("paths", "source"),
    [
        ({"index.html", "404.html"}, "404.html"),
        ({"index.html", "404.html", "404/index.html"}, "404.html"),
        ({"index.html", "404/index.html"}, "404/index.html"),
        ({"index.html"}, "index.html"),
        ({"index.html", "about.html"}, ""),
    ],
)
def test_every_site_has_a_page_for_what_is_missing(paths: set[str], source: str) -> None:
    """Its own, else the application's, else one that Selfright brings."""
    assert addresses_of(paths, None).copies[".404.html"] == source
    assert b"no such page" in MISSING_PAGE


def test_the_function_knows_an_applications_addresses_without_a_dot() -> None:
    """It would show the application's page there; below `.well-known` it never does."""
    paths = {"index.html", "LICENSE", "docs/index.html", "v1.2/index.html", ".well-known/a", "robots.txt"}
    assert addresses_of(paths, APPLICATION).for_function() == {
        "application": "/index.html",
        "known": ["/LICENSE", "/docs", "/docs/", "/v1.2/"],
    }


def test_the_function_need_not_know_a_site_of_pages() -> None:
    """So a site of any size has room: the bucket answers."""
    paths = {f"posts/{number}/index.html" for number in range(20_000)}
    found = addresses_of(paths, None)
    assert found.for_function() == {}
    assert found.added == 20_001


def test_an_application_with_too_many_other_addresses_is_refused() -> None:
    """Before anything is touched, with what to do."""
    paths = {"index.html", *(f"page-{number}/index.html" for number in range(200))}
    with pytest.raises(InvalidBundleError, match=f"{FUNCTION_BYTES} are allowed") as caught:
        addresses_of(paths, APPLICATION)
    assert "404-page" in caught.value.next_step


PART = st.sampled_from(
    ["docs", "v1.2-3f2a1b4c", "main-3f2a1b4c.js", "chunk-3QFSZAXR.js", "a.b", "index", "assets", "x"]
)
PATH = st.builds("/".join, st.lists(PART, min_size=1, max_size=4))
PATHS = st.sets(st.builds("".join, st.tuples(PATH, st.sampled_from(["", ".html", "/index.html", ".js"]))), max_size=8)


@given(PATHS, st.lists(PATH, max_size=2), st.sampled_from([None, ("assets/", "docs/a.b/")]))
def test_nothing_that_staging_adds_is_shared(
    paths: set[str], moved_away: list[str], folders: tuple[str, ...] | None
) -> None:
    """The function looks for shared files outside of the revision, where another release's object would be found."""
    redirects, sharing = parse_redirects("".join(f"/{one} /x\n" for one in moved_away).encode()), Sharing(folders)
    found = addresses_of(paths, "404-page", "index.html", redirects, sharing.has)
    assert not [name for name in (*found.copies, *found.redirects) if sharing.has(name)]


def test_a_page_whose_short_address_is_that_of_a_shared_file_is_said() -> None:
    """As a browser of sources has them; where the file itself is there, it comes first, and nothing need be said."""
    paths = {"index.html", "src/main-3f2a1b4c.js.html", "src/old-3f2a1b4c.js/index.html", "a-3f2a1b4c.js"}
    found = addresses_of({*paths, "a-3f2a1b4c.js.html"}, "404-page", is_shared=Sharing().has)
    assert (set(found.copies), dict(found.redirects)) == ({".404.html"}, {})
    [said] = found.said
    assert "the address of 2 pages" in said
    assert "(/src/main-3f2a1b4c.js, /src/old-3f2a1b4c.js)" in said


def test_a_redirect_works_where_the_function_does_not_see_answers() -> None:
    """The object is a page that leads there as well; nothing in an address ends its markup."""
    page = Redirect('/a"><script>/').page.decode()
    assert "<script>" not in page
    assert 'url=/a\\&quot;>&lt;script>/"' in page


def moved(lines: str, *paths: str, shared: str = "assets/") -> Addresses:
    """The addresses of a site with these redirects."""
    files = {"index.html", "about.html", "docs/index.html", *paths}
    return addresses_of(
        files, "404-page", "index.html", parse_redirects(lines.encode()), lambda path: path.startswith(shared)
    )


OF_FILES = {"docs", "about/index.html"}
"""The redirects that such a site has without any of its own."""


def test_a_plain_redirect_is_an_object() -> None:
    """With and without a slash; so there may be as many as a site has, and the function knows none of them."""
    found = moved("/old /new 301\n/old2/ https://example.com/")
    assert {name: one for name, one in found.redirects.items() if name not in OF_FILES} == {
        "old": Redirect("/new"),
        "old/index.html": Redirect("/new"),
        "old2": Redirect("https://example.com/", 302),
        "old2/index.html": Redirect("https://example.com/", 302),
    }
    assert (found.rules, found.said) == ((), ())


def test_no_address_leads_to_itself() -> None:
    """A line that only adds or takes a slash is for the other form."""
    assert set(moved("/a /a/\n/b /b").redirects) == {*OF_FILES, "a", "b/index.html"}


def test_a_file_comes_before_a_redirect() -> None:
    """As at Netlify; `301!` forces it, and then the function redirects."""
    found = moved("/about /new\n/docs /manual 301!")
    assert found.rules == (("/docs", "/manual", 301),)
    assert found.said == ("'/about' in _redirects is a file's address, and shows the file.",)


def test_a_pattern_is_the_functions() -> None:
    """It comes before files, and that is said."""
    found = moved("/docs/* /manual/:splat 301")
    assert found.rules == (("/docs/*", "/manual/:splat", 301),)
    assert found.said == ("'/docs/*' in _redirects comes before 2 files, like docs, docs/index.html.",)


def test_the_first_line_counts() -> None:
    """What a later pattern fits, too, stands before it in the function; what an earlier one fits is never reached."""
    found = moved("/blog/a /x 301\n/blog/* /y/:splat 301\n/blog/b /z 301")
    assert found.rules == (("/blog/a", "/x", 301), ("/blog/*", "/y/:splat", 301))
    assert found.said == ("'/blog/b' in _redirects is never reached: an earlier line fits it.",)


def test_a_redirect_among_shared_files_is_the_functions() -> None:
    """No object of a revision is shown there."""
    assert moved("/assets/old.js /assets/new.js").rules == (("/assets/old.js", "/assets/new.js", 302),)


def test_a_redirect_of_a_folder_of_shared_files_is_the_functions() -> None:
    """An object there would be that of all revisions."""
    assert set(moved("/assets /new").redirects) == OF_FILES
    assert moved("/assets /new").rules == (("/assets", "/new", 302),)


@pytest.mark.parametrize(
    "line",
    [
        "/* /index.html",
        "/* /en/:splat",
        "/blog/* /blog/",
        "/:lang /x",
        "/docs /docs/?a=1 301!",
        "/caf%C3%A9/* /caf\xe9/b",
        "/docs/ /docs 301!",
        "/:b /:b:b:b:b",
        "/* /x/:splat:splat:splat:splat",
    ],
)
def test_a_rule_that_would_lead_to_itself_is_not_followed(line: str) -> None:
    """Browsers would follow it for ever: elsewhere, a file at the second address ends that.

    One that leads to a longer address each time is not walked until it fills the memory.
    """
    found = moved(line)
    assert found.rules == ()
    assert "is not followed: '" in found.said[0]
    assert "for ever" in found.said[0]


@pytest.mark.parametrize(
    "lines",
    [
        "/x /y\n/y /x",
        "/x /y 301\n/y/ /z?a=1\n/z /x#top",
        "/x/* /y/:splat\n/y/* /x/:splat",
        "/y/:a/:b /x/:a/:b\n/x/* /y/:splat",
        "/EN/* /en/:splat\n/* /EN/:splat",
        "/a/* /b/a/:splat\n/b/* /:splat",
        "/about.html /about 301!\n/about /about.html 301!",
        "/k /x/k\n/x/* /:splat",
        "/docs/ /manual 301!\n/manual /docs",
        "/a/:b /c/:b:b:b\n/c/:b /a/:b:b:b",
    ],
)
def test_lines_that_lead_round_are_not_followed(lines: str) -> None:
    """Each leads on by itself; the one that closes the circle is left out, and said."""
    found = moved(lines)
    *_, last = (one for one in found.said if "for ever" in one)
    assert "is not followed: '" in last
    everything = moved("")
    assert len(found.rules) + len(found.redirects.keys() - everything.redirects.keys()) > 0


NAME = st.sampled_from(["/a", "/b", "/c", "/a/", "/c/", "/about", "/docs", "/docs/", "/about.html", "/"])
LINES = st.lists(st.tuples(NAME, NAME, st.sampled_from(["301", "302!"])).map(" ".join), max_size=6)


@given(LINES)
def test_every_address_leads_to_an_end(lines: list[str]) -> None:
    """Whatever the lines are, a browser that follows redirects comes to a page, or to what is missing."""
    found = moved("\n".join(lines))
    table = RoutingTable("r", sites={"r": found.for_function()})
    for address in ["/a", "/b/", "/c", "/about", "/about/", "/docs", "/docs/", "/about.html", "/"]:
        at = address
        for _ in range(20):
            to = route(at, "r", table)
            led = found.redirects.get(to.key.removeprefix("revisions/r/"))
            if not (to.location or led):
                break
            at = to.location or (led.location if led else "")
        else:
            pytest.fail(f"{lines} leads on for ever from {address}")


def test_what_ends_by_itself_is_followed() -> None:
    """It comes to the same line again, and is shorter each time."""
    assert moved("/a/:one/* /a/:splat").rules == (("/a/:one/*", "/a/:splat", 302),)


def test_a_line_to_a_host_that_may_be_the_sites_own_is_said() -> None:
    """The bundle does not know the names of its sites; on the other one of two it is what was meant."""
    found = moved("/* https://www.example.com/:splat 301!\n")
    assert found.rules == (("/*", "https://www.example.com/:splat", 301),)
    assert found.said == (
        "'/*' in _redirects leads to another host: if www.example.com shows this site, browsers follow it for ever.",
    )
    assert moved("/old https://example.com/new").said == ()


@pytest.mark.parametrize(("line", "how"), [("/e /e", "with"), ("/f/ /f", "with"), ("/loop /loop/", "without")])
def test_a_line_that_is_half_followed_is_said(line: str, how: str) -> None:
    """One of the two forms of its address would lead to itself."""
    [said] = moved(line).said
    assert f"is followed only {how} a slash at its end" in said


def test_a_line_that_is_not_followed_hides_no_other() -> None:
    """What stands below it is reached."""
    assert moved("/* /en/:splat\n/old /new").redirects.keys() > {"old", "old/index.html"}


def test_an_address_that_no_metadata_holds_is_left_out_and_said() -> None:
    """An object says where it leads in two kilobytes, and each byte of such a name takes three."""
    name = "/".join(["\u3042" * 80, "\u3044" * 80, "\u3046" * 80])
    found = addresses_of({"index.html", f"{name}/index.html", f"{name}x.html"}, "404-page")
    assert found.redirects == {}
    assert set(found.copies) == {".404.html", f"{name}x"}
    [said] = found.said
    assert said.startswith("2 addresses lead nowhere, like '/\u3042")
    assert len(said) < 400


@pytest.mark.parametrize("name", ["/.index.json", "/.404.html/", "/_headers", "/_redirects"])
def test_a_redirect_of_what_is_selfrights_own_is_not_followed(name: str) -> None:
    """An object there would take the place of the revision's index."""
    found = moved(f"{name} /new 301!")
    assert (set(found.redirects), found.rules) == (OF_FILES, ())
    assert "Selfright keeps its own there" in found.said[0]


def test_too_many_patterns_are_refused() -> None:
    """The function has a kilobyte for them; nothing was compared before."""
    with pytest.raises(InvalidBundleError, match="lines of _redirects: 100") as caught:
        moved("\n".join(f"/a{number}/* /b{number}/:splat" for number in range(100)))
    assert "placeholder" in caught.value.next_step


def test_an_application_knows_its_redirects() -> None:
    """Or it would show its page there."""
    found = addresses_of({"index.html"}, None, "index.html", parse_redirects(b"/* /index.html 200\n/old /new"))
    assert found.for_function() == {"application": "/index.html", "known": ["/old", "/old/"]}
