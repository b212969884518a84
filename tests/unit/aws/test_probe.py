import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from controller.aws import probe
from controller.aws.probe import HttpProbe
from controller.domain.checks.check import Check, CheckResult
from controller.domain.checks.site_check import SiteCheck
from controller.domain.checks.verification import OutsideCheck
from controller.errors import NoAnswerError

PREFLIGHT = {"access-control-allow-origin": "https://app.example", "access-control-allow-methods": "POST"}
FILES = {
    "/whole": b"<link rel=stylesheet href=/a.css>",
    "/a.css": b"p {}",
    "/torn": b"<link rel=stylesheet href=/a.css><script src=/a.js></script>",
}


PUBLISHED = {
    "/.well-known/selfright/publication": b'{"publication": "5f3a\\u001b[31m"}',
    "/old/.well-known/selfright/publication": b"<title>My page</title>",
}
"""What a routing function answers, and what a page of an application does."""


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    seen: list[tuple[str, str, bytes]]
    over: threading.Event

    def do_GET(self) -> None:
        """Record the request and answer it."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.seen.append((self.command, self.path, body))
        self.send_response(302 if self.path in {"/moved", "/docs"} else 200)
        self.send_header("location", "/docs/" if self.path == "/docs" else "/elsewhere")
        for name, value in PREFLIGHT.items() if self.command == "OPTIONS" and self.headers["origin"] else ():
            self.send_header(name, value)
        if body := FILES.get(self.path):
            self.send_header("content-type", "text/css" if self.path.endswith(".css") else "text/html")
            self.end_headers()
            self.wfile.write(body)
            return
        if self.path in PUBLISHED:
            self.end_headers()
            self.wfile.write(PUBLISHED[self.path])
            return
        if self.path == "/drip":
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"w")
            self.over.wait(60)
            return
        self.end_headers()
        for _ in range(40 if self.path == "/long" else 1):
            self.wfile.write(b"welcome" * 1000)

    do_POST = do_OPTIONS = do_GET  # noqa: N815 - http.server's names

    def log_message(self, *_: Any) -> None:  # noqa: ANN401
        """Log nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """A web server on loopback."""
    handler = type("Own", (Handler,), {"seen": [], "over": threading.Event()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    handler.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def check(path: str = "/", **expected: Any) -> Check:  # noqa: ANN401 - as in release.yaml
    """A check of the site."""
    return Check(component="site", path=path, **expected)


def ask(url: str, check: OutsideCheck, others: Sequence[OutsideCheck] = ()) -> CheckResult:
    """Make the check; these tests allow loopback addresses."""
    return HttpProbe().run(url, check, others, private=True)


def test_a_good_answer_passes(url: str) -> None:
    """The slash at the end of the address and that of the path become one."""
    assert ask(url, check("/", contains="welcome")).passed


def test_a_body_is_sent(url: str) -> None:
    """An API gets the same requests as from its visitors."""
    assert ask(url, check("/generate", method="POST", body={"a": 1})).passed


def test_a_redirect_is_reported_and_not_followed(url: str) -> None:
    """A check names the page that it wants; the message says where the redirect leads instead."""
    result = ask(url, check("/moved"))
    assert (result.passed, result.detail) == (False, "expected status 200, got 302, to /elsewhere")


def test_the_way_to_a_folder_is_followed(url: str) -> None:
    """`/docs` shows the page in the folder, unless the check wants the redirect itself."""
    assert ask(url, check("/docs", contains="welcome")).passed
    assert ask(url, check("/docs", status=302)).passed
    assert not ask(url, check("/docs", method="POST")).passed


def test_an_expected_redirect_passes(url: str) -> None:
    """A check may expect a redirect."""
    assert ask(url, check("/moved", status=302)).passed


def test_no_answer_is_a_failed_check(url: str) -> None:
    """The flow decides what a failed check means; an exception would be a fault of its own."""
    result = ask("http://127.0.0.1:1", check())
    assert not result.passed
    assert result.detail == "no answer from http://127.0.0.1:1 (NewConnection)"


@pytest.mark.parametrize("made", [check(), SiteCheck(component="site", kind="site")])
def test_where_nobody_is_reached_nothing_is_known(made: OutsideCheck) -> None:
    """The network or a firewall is in the way; or the address leads to where checks may not ask."""
    assert ask("http://127.0.0.1:1", made).unknown
    assert HttpProbe().run("http://127.0.0.1:1", made, private=False).unknown


@pytest.mark.parametrize("path", ["/moved", "/drip"])
def test_a_wrong_answer_and_one_that_never_ends_are_known(url: str, path: str) -> None:
    """Somebody took the request."""
    ticks = iter([0.0, *[100.0] * 100])
    assert not HttpProbe(clock=lambda: next(ticks)).run(url, check(path), private=True).unknown


def test_a_long_answer_is_cut(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, whatever the canary sends."""
    monkeypatch.setattr(probe, "READ_AT_MOST", 10)
    assert not ask(url, check("/long", contains="welcomewelcome")).passed


@pytest.mark.parametrize("path", ["/long", "/drip"])
def test_the_wait_for_a_slow_answer_is_given_up(url: str, path: str) -> None:
    """The time for the whole answer is bounded, however slowly its pieces arrive."""
    ticks = iter([0.0, *[100.0] * 100])
    result = HttpProbe(clock=lambda: next(ticks)).run(url, check(path), private=True)
    assert (result.passed, result.detail) == (False, f"no answer from {url} (Timeout)")


def test_a_preflight_is_made_and_compared(url: str) -> None:
    """The request is that of a browser on another origin."""
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    preflight = check("/generate", method="OPTIONS", headers=headers, header=PREFLIGHT)
    assert ask(url, preflight).passed
    simple = check("/generate", headers=headers, header=PREFLIGHT)
    assert ask(url, simple).detail == "the header access-control-allow-origin is missing"


def test_a_slow_answer_is_measured(url: str) -> None:
    """The time lasts from the request to the end of the answer."""
    ticks = iter([0.0, *[0.7] * 100])
    result = HttpProbe(clock=lambda: next(ticks)).run(url, check(max_latency_ms=699), private=True)
    assert result.detail == "the answer took 700 ms, more than 699 ms"


def test_an_answer_that_another_release_expects_passes(url: str) -> None:
    """While both releases serve, either may answer."""
    assert ask(url, check(contains="new"), [check(contains="welcome")]).passed


@pytest.mark.parametrize("path", ["/moved", "/docs"])
@pytest.mark.parametrize(("new", "stable"), [(200, 302), (301, 302), (302, 200)])
def test_a_redirect_may_become_a_page_and_a_page_a_redirect(url: str, path: str, new: int, stable: int) -> None:
    """While both releases serve, stable answers as it promises, also if its redirect leads to the page's folder."""
    assert ask(url, check(path, status=new), [check(path, status=stable)]).passed


def test_a_page_in_a_folder_is_as_good_as_a_redirect(url: str) -> None:
    """Stable has a page in `/docs/`, and the new release leads away from there."""
    assert ask(url, check("/docs", status=301), [check("/docs", contains="welcome")]).passed


def test_a_redirect_that_neither_release_promises_is_reported(url: str) -> None:
    """Where it leads, too."""
    result = ask(url, check("/moved"), [check("/moved", status=301)])
    assert (result.passed, result.detail) == (False, "expected status 200, got 302, to /elsewhere")


def test_a_page_is_loaded_with_its_files(url: str) -> None:
    """All files are requested over HTTP, through one door."""
    assert ask(url, SiteCheck(component="site", kind="site", path="/whole")).passed
    result = ask(url, SiteCheck(component="site", kind="site", path="/torn"))
    assert result.detail == "1 of 3 files are not right: /a.js is without a type and used as a script"


def test_a_page_that_cannot_be_reached_fails() -> None:
    """It fails like any other check."""
    result = ask("http://127.0.0.1:1", SiteCheck(component="site", kind="site"))
    assert (result.check, result.passed) == ("page / of site", False)
    assert "NewConnection" in result.detail


def test_a_routing_function_tells_its_publication(url: str) -> None:
    """It is text from outside, so no terminal obeys it."""
    assert HttpProbe(resolve=lambda *_: ["127.0.0.1"]).publication(url, private=True) == "5f3a\\x1b[31m"


def test_an_answer_that_is_no_publication_is_no_answer(url: str) -> None:
    """An application's own page answers a path that is only ours."""
    with pytest.raises(NoAnswerError, match="not answered by a routing function"):
        HttpProbe().publication(f"{url}old", private=True)


def test_a_publication_is_not_asked_of_a_private_address(url: str) -> None:
    """As for every request from outside."""
    with pytest.raises(NoAnswerError, match="loopback"):
        HttpProbe().publication(url)
