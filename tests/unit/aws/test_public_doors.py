import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from controller.aws import public_doors
from controller.aws.probe import HttpProbe
from controller.domain.checks.check import Check, CheckResult

NAME = "pack.example"
INNER = ["127.0.0.1", "169.254.169.254", "10.0.0.7", "fd00:ec2::254", "::ffff:169.254.169.254"]


class Handler(BaseHTTPRequestHandler):
    """Says to which host it was asked."""

    seen: list[str]

    def do_GET(self) -> None:
        """Note it, and send `/moved` to the metadata service."""
        self.seen.append(self.headers["host"])
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("location", "http://169.254.169.254/latest/meta-data/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    """A web server on loopback that is not serving yet."""
    serving = HTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"seen": []}))
    yield serving
    serving.server_close()


@pytest.fixture
def port(server: HTTPServer) -> Iterator[int]:
    """The port of a server that serves."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()


def asked(url: str, *addresses: str, private: bool = False, path: str = "/") -> CheckResult:
    """The result of a check when the name leads to these addresses."""
    probe = HttpProbe(resolve=lambda *_: addresses)
    return probe.run(url, Check(component="api", path=path), private=private)


@pytest.mark.parametrize("address", INNER)
def test_a_name_that_leads_inside_is_not_asked(
    server: HTTPServer, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a connection is made; the message says what to do."""
    monkeypatch.setattr(socket.socket, "connect", None)
    result = asked(f"http://{NAME}:{server.server_port}", address)
    assert not result.passed
    assert result.detail.startswith(f"{NAME} leads to the ")
    assert "`allow_private_urls`" in result.detail


def test_one_inner_address_among_others_is_enough(server: HTTPServer) -> None:
    """Whoever makes such a name may mean the inner one."""
    assert "leads to the private address" in asked(f"http://{NAME}", "93.184.216.34", "10.0.0.7").detail


def test_an_environment_may_mean_its_own_network(port: int) -> None:
    """The host is sent as it is called, with its port."""
    assert asked(f"http://{NAME}:{port}", "127.0.0.1", private=True).passed


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers differently a moment later (rebinding) is not asked again."""
    answers = iter([["127.0.0.1"]])
    monkeypatch.setattr(socket, "getaddrinfo", _only_addresses(socket.getaddrinfo))
    probe = HttpProbe(resolve=lambda *_: next(answers))
    assert probe.run(f"http://{NAME}:{port}", Check(component="api", path="/"), private=True).passed


def _only_addresses(real: object) -> object:
    """`getaddrinfo` that takes no names."""

    def resolve(host: str, *arguments: object, **named: object) -> object:
        ip_address(host)
        return real(host, *arguments, **named)  # type: ignore[operator]

    return resolve


def test_a_redirect_inside_is_not_followed(port: int) -> None:
    """No redirect is: it is told where it leads."""
    result = asked(f"http://{NAME}:{port}", "127.0.0.1", private=True, path="/moved")
    assert result.detail == "expected status 200, got 302, to http://169.254.169.254/latest/meta-data/"


def test_the_next_address_is_tried(port: int) -> None:
    """A name with an address that takes no connections is still reached."""
    assert asked(f"http://{NAME}:{port}", "127.0.0.2", "127.0.0.1", private=True).passed


def test_a_name_that_leads_nowhere_is_no_answer() -> None:
    """A failed check, and nothing that may not be asked."""

    def unknown(*_: object) -> Sequence[str]:
        raise socket.gaierror

    probe = HttpProbe(resolve=unknown)
    detail = probe.run(f"https://{NAME}", Check(component="api", path="/")).detail
    assert detail == f"no answer from https://{NAME} (NameResolution)"
    assert probe.refusal(f"https://{NAME}") == ""


@pytest.mark.parametrize("url", ["http://[", "ftp://x", "http://x:99999", "http:///x"])
def test_what_is_no_url_is_told(url: str) -> None:
    """The environment's writer has to correct it."""
    assert "is not a valid URL" in HttpProbe().refusal(url)


def test_a_refusal_is_known_before_anything_is_asked() -> None:
    """A bundle is rejected by it."""
    assert HttpProbe(resolve=lambda *_: ["10.0.0.7"]).refusal("https://x.example") == (
        "x.example leads to the private address 10.0.0.7"
    )
    assert HttpProbe(resolve=lambda *_: ["93.184.216.34"]).refusal("https://x.example") == ""


def test_the_systems_resolver_is_asked() -> None:
    """An address is its own answer, once."""
    assert public_doors.addresses_of("127.0.0.1", 80) == ["127.0.0.1"]
    assert HttpProbe().refusal("http://[::1]:8000/") == "[::1] leads to the loopback address ::1"


@pytest.mark.parametrize(("name", "passed"), [(NAME, True), ("other.example", False)])
def test_tls_verifies_the_name_and_not_the_address(
    server: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, passed: bool
) -> None:
    """The connection goes to an address; the certificate is still the name's."""
    certificate = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setattr(public_doors, "trusted", lambda: ssl.create_default_context(cafile=certificate))
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    result = asked(f"https://{name}:{server.server_port}", "127.0.0.1", private=True)
    thread.join()
    assert result.passed is passed
    assert passed or result.detail.endswith("(SSL)")


def _certificate(folder: Path) -> Path:
    """A certificate for `NAME`, with its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "certificate.pem"
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file
