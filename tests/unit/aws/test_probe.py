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

PREFLIGHT = {"access-control-allow-origin": "https://app.example", "access-control-allow-methods": "POST"}
FILES = {
    "/whole": b"<link rel=stylesheet href=/a.css>",
    "/a.css": b"p {}",
    "/torn": b"<link rel=stylesheet href=/a.css><script src=/a.js></script>",
}


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    seen: list[tuple[str, str, bytes]]
    over: threading.Event

    def do_GET(self) -> None:
        """Note the request and answer it."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.seen.append((self.command, self.path, body))
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("location", "/elsewhere")
        for name, value in PREFLIGHT.items() if self.command == "OPTIONS" and self.headers["origin"] else ():
            self.send_header(name, value)
        if body := FILES.get(self.path):
            self.send_header("content-type", "text/css" if self.path.endswith(".css") else "text/html")
            self.end_headers()
            self.wfile.write(body)
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
        """Say nothing."""


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
    """Make the check; loopback is what these tests mean."""
    return HttpProbe().run(url, check, others, private=True)


def test_a_good_answer_passes(url: str) -> None:
    """The address's slash and the path's are one."""
    assert ask(url, check("/", contains="welcome")).passed


def test_a_body_is_sent(url: str) -> None:
    """An API is asked as its visitors ask it."""
    assert ask(url, check("/generate", method="POST", body={"a": 1})).passed


def test_a_redirect_is_told_and_not_followed(url: str) -> None:
    """A check names the page that it wants; where it was sent instead is what a person needs to know."""
    result = ask(url, check("/moved"))
    assert (result.passed, result.detail) == (False, "expected status 200, got 302, to /elsewhere")


def test_an_expected_redirect_passes(url: str) -> None:
    """A redirect may be what is checked."""
    assert ask(url, check("/moved", status=302)).passed


def test_no_answer_is_a_failed_check(url: str) -> None:
    """The flow decides what a failed check means; an exception would be a fault of its own."""
    result = ask("http://127.0.0.1:1", check())
    assert not result.passed
    assert result.detail == "no answer from http://127.0.0.1:1 (NewConnection)"


def test_a_long_answer_is_cut(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, whatever the canary sends."""
    monkeypatch.setattr(probe, "READ_AT_MOST", 10)
    assert not ask(url, check("/long", contains="welcomewelcome")).passed


@pytest.mark.parametrize("path", ["/long", "/drip"])
def test_a_slow_answer_is_given_up(url: str, path: str) -> None:
    """A server that drips is no good answer; the time is bounded for all of it, however little comes at a time."""
    ticks = iter([0.0, *[100.0] * 100])
    result = HttpProbe(clock=lambda: next(ticks)).run(url, check(path), private=True)
    assert (result.passed, result.detail) == (False, f"no answer from {url} (Timeout)")


def test_a_preflight_is_made_and_compared(url: str) -> None:
    """As a browser on another origin would ask."""
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    preflight = check("/generate", method="OPTIONS", headers=asked, header=PREFLIGHT)
    assert ask(url, preflight).passed
    simple = check("/generate", headers=asked, header=PREFLIGHT)
    assert ask(url, simple).detail == "the header access-control-allow-origin is missing"


def test_a_slow_answer_is_measured(url: str) -> None:
    """From asking to the end of the answer."""
    ticks = iter([0.0, *[0.7] * 100])
    result = HttpProbe(clock=lambda: next(ticks)).run(url, check(max_latency_ms=699), private=True)
    assert result.detail == "the answer took 700 ms, more than 699 ms"


def test_what_another_release_promises_passes_too(url: str) -> None:
    """While both serve, either may answer."""
    assert ask(url, check(contains="new"), [check(contains="welcome")]).passed


def test_a_page_is_loaded_with_all_it_needs(url: str) -> None:
    """Over HTTP, through one door."""
    assert ask(url, SiteCheck(component="site", kind="site", path="/whole")).passed
    result = ask(url, SiteCheck(component="site", kind="site", path="/torn"))
    assert result.detail == "1 of 3 files are not right: /a.js is without a type and used as a script"


def test_a_page_that_cannot_be_reached_fails() -> None:
    """As any check does."""
    result = ask("http://127.0.0.1:1", SiteCheck(component="site", kind="site"))
    assert (result.check, result.passed) == ("page / of site", False)
    assert "NewConnection" in result.detail
