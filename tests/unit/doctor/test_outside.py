import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from controller.domain.environment import Environment
from controller.errors import NoAnswerError
from selfright.components.examined import Finding
from selfright.doctor.outside import Ask, UrlExaminer, ask
from tests.examining import found_in


class Answering(BaseHTTPRequestHandler):
    """Answers 404 to everything, quietly."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """A server on this machine."""
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def look(url: str, asking: Ask = ask, *, private: bool = True) -> Finding:
    """What is found about the URL."""
    api = {"kind": "function", "function_name": "f", "url": url}
    document = {"application": "a", "environment": "e", "components": {"api": api}, "allow_private_urls": private}
    environment = Environment.model_validate(document)
    (found,) = found_in(UrlExaminer(environment, asking).examinations(), "the URL of api")
    return found


def test_any_answer_shows_that_checks_reach_the_url(url: str) -> None:
    """Also 404: which paths exist is for the checks."""
    assert (look(url).severity, look(url).found) == ("ok", f"{url} answers 404, asked from this machine")


def test_a_private_url_is_a_problem_unless_it_is_allowed(url: str) -> None:
    """The controller refuses to ask it."""
    found = look(url, private=False)
    assert found.severity == "problem"
    assert "allow_private_urls" in found.next_step


def test_a_url_that_does_not_answer_is_a_problem() -> None:
    """A release would be rolled back."""
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        gone = f"http://127.0.0.1:{server.server_port}"
    assert "no answer from" in look(gone).found


def test_an_answer_of_503_is_a_note() -> None:
    """Before the first release it is the placeholder's."""
    assert look("https://shop.example", lambda *_: 503).severity == "note"


def test_a_name_that_does_not_resolve_is_a_problem() -> None:
    """As is any other way of not answering."""

    def fail(url: str, private: bool) -> int:
        raise NoAnswerError(f"no answer from {url} (NameResolution)")

    assert look("https://shop.example", fail).severity == "problem"
