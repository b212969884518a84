import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from controller.domain.environment import Environment
from controller.errors import NoAnswerError
from selfright.components.examined import Finding
from selfright.doctor.outside import Ask, UrlExaminer, ask, certificate_ends
from tests.examining import NOW, found_in

END = datetime(2040, 1, 1, tzinfo=UTC)


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
    (found,) = found_in(UrlExaminer(environment, NOW, asking, lambda _: None).examinations(), "the URL of api")
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


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate of localhost, until New Year's Day of 2040, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(NOW - timedelta(days=900)).not_valid_after(END)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, secret


def test_the_end_of_a_certificate_is_read_from_the_connection(tmp_path: Path) -> None:
    """Whoever has issued it; without TLS there is none."""
    certificate, key = certified(tmp_path)
    here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    here.load_cert_chain(certificate, key)
    with HTTPServer(("localhost", 0), Answering) as server:
        server.socket = here.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"https://localhost:{server.server_port}"
        assert certificate_ends(url, ssl.create_default_context(cafile=str(certificate))) == END
        thread.join()
    assert certificate_ends("http://localhost") is None
    with pytest.raises(NoAnswerError, match="no certificate from"):
        certificate_ends(url)


@pytest.mark.parametrize(("days", "severities"), [(13, ["ok", "note"]), (15, ["ok"])])
def test_a_certificate_near_its_end_is_a_note(days: int, severities: list[str]) -> None:
    """Also that of an API with a domain of its own."""
    api = {"kind": "function", "function_name": "f", "url": "https://api.example"}
    environment = Environment.model_validate({"application": "a", "environment": "e", "components": {"api": api}})
    examiner = UrlExaminer(environment, NOW, lambda *_: 200, lambda _: NOW + timedelta(days=days))
    assert [one.severity for one in found_in(examiner.examinations(), "the URL of api")] == severities
