from collections.abc import Mapping
from typing import Any

from controller.domain.checks.check import Answer, CheckResult
from controller.domain.checks.page_load import PageLoad
from controller.domain.checks.site_check import SiteCheck
from controller.errors import NoAnswerError

URL = "https://app.example"
CHECK = SiteCheck(component="web", kind="site")
HTML, JS, CSS, PNG = "text/html; charset=utf-8", "text/javascript", "text/css", "image/png"
PAGE = b"<script src=/a.js></script><link rel=stylesheet href=/a.css><img src=/a.png><img src=/a.png>"
SITE: Mapping[str, tuple[str, bytes]] = {
    "/": (HTML, PAGE),
    "/a.js": (JS, b"run()"),
    "/a.css": (CSS, b"p { background: url(/b.png) } @import '/a.css';"),
    "/a.png": (PNG, b"a"),
    "/b.png": (PNG, b"b"),
}


class Site:
    """Answers from memory, and records the requests."""

    def __init__(self, changes: Mapping[str, tuple[str, bytes]]) -> None:
        self.files, self.asked = {**SITE, **changes}, list[str]()

    def get(self, url: str) -> Answer:
        """The file, 404, or no answer for what is called dead."""
        path = url.removeprefix(URL)
        self.asked.append(path)
        if "dead" in path:
            raise NoAnswerError("no answer (ReadTimeout)")
        if path == "/docs":
            return Answer(301, b"", {"location": "/docs/"})
        if path not in self.files:
            return Answer(404)
        kind, body = self.files[path]
        return Answer(200, body, {"content-type": kind})


def load(changes: Mapping[str, tuple[str, bytes]] | None = None, **bounds: Any) -> CheckResult:  # noqa: ANN401
    """Load the page of a site."""
    return PageLoad(Site(changes or {}).get, **bounds).run(CHECK, f"{URL}/")


def page(html: bytes) -> dict[str, tuple[str, bytes]]:
    """A site with another page."""
    return {"/": (HTML, html)}


def test_a_whole_page_passes() -> None:
    """Each file is loaded once, even one that only the stylesheet names."""
    site = Site({})
    result = PageLoad(site.get).run(CHECK, f"{URL}/")
    assert (result.check, result.passed) == ("page / of web", True)
    assert result.detail == "the page and 4 files that it needs are there"
    assert sorted(site.asked) == sorted(SITE)


def test_a_missing_file_fails() -> None:
    """The message names every missing file, up to three."""
    result = load(page(b"<img src=/x.png><script src=/y.js></script>"))
    assert not result.passed
    assert result.detail == "2 of 3 files are not right: /x.png has status 404; /y.js has status 404"


def test_a_file_that_is_answered_with_the_page_fails() -> None:
    """Status 200 alone says little about a site."""
    assert "/a.js is text/html and used as a script" in load({"/a.js": (HTML, PAGE)}).detail


def test_a_page_of_another_type_fails() -> None:
    """It may be a download instead of a page."""
    assert "/ is without a type and used as a page" in load({"/": ("", PAGE)}).detail


def test_a_file_without_an_answer_fails() -> None:
    """The other files are still loaded."""
    assert "/dead.png: no answer (ReadTimeout)" in load(page(b"<img src=/dead.png><img src=/a.png>")).detail


def test_names_of_files_are_shown_printable() -> None:
    """The names come from the page, which is not trusted."""
    result = load(page(f"<img src='/\u202e{'x' * 500}.png'>".encode()))
    assert result.detail.isprintable()
    assert len(result.detail) < 300


def test_the_number_of_files_is_bounded() -> None:
    """The message says so, and what to do, instead of leaving files out silently."""
    links = b"".join(b"<img src=/%d.png>" % number for number in range(300))
    result = load(page(links))
    assert (result.passed, result.detail) == (
        False,
        "the page needs more than 200 files: check a smaller page of the site",
    )


def test_the_bytes_are_bounded() -> None:
    """A page of gigabytes does not fill the memory."""
    result = load({"/a.css": (CSS, b" " * 3_000_000 + b"p { background: url(/c.png) }")}, bytes=2_000_000)
    assert result.detail.startswith("the page needs more than 1 MiB")


def test_the_time_is_bounded() -> None:
    """The check does not wait for a slow site."""
    ticks = iter([0.0, 1.0, *[31.0] * 10])
    result = load(clock=lambda: next(ticks))
    assert result.detail.startswith("the page was not loaded within 30 seconds")


def test_the_links_of_a_page_in_a_folder_begin_in_the_folder() -> None:
    """`/docs` leads to `/docs/`, and a browser takes the page's links from there."""
    site = Site({"/docs/": (HTML, b"<script src=b.js></script>"), "/docs/b.js": (JS, b"")})
    result = PageLoad(site.get).run(CHECK.model_copy(update={"path": "/docs"}), f"{URL}/docs")
    assert (result.passed, result.detail) == (True, "the page and 1 files that it needs are there")
    assert site.asked == ["/docs", "/docs/", "/docs/b.js"]


def test_a_page_that_takes_for_ever_to_read_fails_in_time() -> None:
    """The reader of HTML knows no clock, so it is ended from outside."""
    page = Answer(200, b"<a " * 40_000, {"content-type": "text/html"})
    load = PageLoad(lambda _: page, seconds=1)
    result = load.run(SiteCheck(kind="site", component="site"), "https://x.example/")
    assert not result.passed
    assert "cannot be read: that takes more than 1 seconds" in result.detail
