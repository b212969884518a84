import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from controller.aws import probe
from controller.aws.probe import HttpProbe
from controller.domain.checks import Check


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    seen: list[tuple[str, str, bytes]]

    def do_GET(self) -> None:
        """Note the request and answer it."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.seen.append((self.command, self.path, body))
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("location", "/elsewhere")
        self.end_headers()
        for _ in range(40 if self.path == "/long" else 1):
            self.wfile.write(b"welcome" * 1000)

    do_POST = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_: Any) -> None:  # noqa: ANN401
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """A web server on loopback."""
    handler = type("Own", (Handler,), {"seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def check(path: str = "/", **expected: Any) -> Check:  # noqa: ANN401 - as in release.yaml
    """A check of the site."""
    return Check(component="site", path=path, **expected)


def test_a_good_answer_passes(url: str) -> None:
    """The address's slash and the path's are one."""
    assert HttpProbe().run(url, check("/", contains="welcome")).passed


def test_a_body_is_sent(url: str) -> None:
    """An API is asked as its visitors ask it."""
    assert HttpProbe().run(url, check("/generate", method="POST", body={"a": 1})).passed


def test_a_redirect_is_told_and_not_followed(url: str) -> None:
    """A check names the page that it wants; where it was sent instead is what a person needs to know."""
    result = HttpProbe().run(url, check("/moved"))
    assert (result.passed, result.detail) == (False, "expected status 200, got 302, to /elsewhere")


def test_an_expected_redirect_passes(url: str) -> None:
    """A redirect may be what is checked."""
    assert HttpProbe().run(url, check("/moved", status=302)).passed


def test_no_answer_is_a_failed_check(url: str) -> None:
    """The flow decides what a failed check means; an exception would be a fault of its own."""
    result = HttpProbe().run("http://127.0.0.1:1", check())
    assert not result.passed
    assert result.detail == "no answer from http://127.0.0.1:1 (NewConnection)"


def test_a_long_answer_is_cut(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, whatever the canary sends."""
    monkeypatch.setattr(probe, "READ_AT_MOST", 10)
    assert not HttpProbe().run(url, check("/long", contains="welcomewelcome")).passed


def test_a_slow_answer_is_given_up(url: str) -> None:
    """A server that drips is no good answer; the time is bounded for all of it."""
    ticks = iter([0.0, 1.0, *[100.0] * 100])
    result = HttpProbe(clock=lambda: next(ticks)).run(url, check("/long"))
    assert (result.passed, result.detail) == (False, f"no answer from {url} (Timeout)")
