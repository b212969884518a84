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
    """Records the host of each request."""

    seen: list[str]

    def do_GET(self) -> None:
        """Record the host, and redirect `/moved` to the metadata service."""
        self.seen.append(self.headers["host"])
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("location", "http://169.254.169.254/latest/meta-data/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    """A web server on loopback that is not serving yet."""
    serving = HTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"seen": []}))
    yield serving
    serving.server_close()


@pytest.fixture
def port(server: HTTPServer) -> Iterator[int]:
    """The port of the running server."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()


def result_of(url: str, *addresses: str, private: bool = False, path: str = "/") -> CheckResult:
    """The result of a check whose name resolves to these addresses."""
    probe = HttpProbe(resolve=lambda *_: addresses)
    return probe.run(url, Check(component="api", path=path), private=private)


@pytest.mark.parametrize("address", INNER)
def test_a_name_with_a_private_address_gets_no_request(
    server: HTTPServer, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a connection is made, and the message has the next step."""
    monkeypatch.setattr(socket.socket, "connect", None)
    result = result_of(f"http://{NAME}:{server.server_port}", address)
    assert not result.passed
    assert result.detail.startswith(f"{NAME} leads to the ")
    assert "`allow_private_urls`" in result.detail


def test_one_private_address_among_others_is_enough(server: HTTPServer) -> None:
    """The owner of such a name may mean the private address."""
    assert "leads to the private address" in result_of(f"http://{NAME}", "93.184.216.34", "10.0.0.7").detail


def test_an_environment_may_allow_private_addresses(port: int) -> None:
    """The host header is the URL's host with its port."""
    assert result_of(f"http://{NAME}:{port}", "127.0.0.1", private=True).passed


def test_the_request_goes_to_the_address_that_was_checked(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that would resolve differently a moment later (rebinding) is not resolved again."""
    answers = iter([["127.0.0.1"]])
    monkeypatch.setattr(socket, "getaddrinfo", _only_addresses(socket.getaddrinfo))
    probe = HttpProbe(resolve=lambda *_: next(answers))
    assert probe.run(f"http://{NAME}:{port}", Check(component="api", path="/"), private=True).passed


def _only_addresses(real: object) -> object:
    """A `getaddrinfo` that refuses names."""

    def resolve(host: str, *arguments: object, **named: object) -> object:
        ip_address(host)
        return real(host, *arguments, **named)  # type: ignore[operator]

    return resolve


def test_a_redirect_to_a_private_address_is_not_followed(port: int) -> None:
    """No redirect is followed; the message says where it leads."""
    result = result_of(f"http://{NAME}:{port}", "127.0.0.1", private=True, path="/moved")
    assert result.detail == "expected status 200, got 302, to http://169.254.169.254/latest/meta-data/"


def test_the_next_address_is_tried(port: int) -> None:
    """A name is reached even if its first address accepts no connections."""
    assert result_of(f"http://{NAME}:{port}", "127.0.0.2", "127.0.0.1", private=True).passed


def test_a_name_that_does_not_resolve_gets_no_answer() -> None:
    """The check fails, but the URL itself is not refused."""

    def unknown(*_: object) -> Sequence[str]:
        raise socket.gaierror

    probe = HttpProbe(resolve=unknown)
    detail = probe.run(f"https://{NAME}", Check(component="api", path="/")).detail
    assert detail == f"no answer from https://{NAME} (NameResolution)"
    assert probe.refusal(f"https://{NAME}") == ""


@pytest.mark.parametrize("url", ["http://[", "ftp://x", "http://x:99999", "http:///x"])
def test_an_invalid_url_is_reported(url: str) -> None:
    """The author of the environment must correct it."""
    assert "is not a valid URL" in HttpProbe().refusal(url)


def test_a_refusal_is_known_before_any_request() -> None:
    """It rejects a bundle."""
    assert HttpProbe(resolve=lambda *_: ["10.0.0.7"]).refusal("https://x.example") == (
        "x.example leads to the private address 10.0.0.7"
    )
    assert HttpProbe(resolve=lambda *_: ["93.184.216.34"]).refusal("https://x.example") == ""


def test_the_systems_resolver_is_used() -> None:
    """An IP address resolves to itself, once."""
    assert public_doors.addresses_of("127.0.0.1", 80) == ["127.0.0.1"]
    assert HttpProbe().refusal("http://[::1]:8000/") == "[::1] leads to the loopback address ::1"


@pytest.mark.parametrize(("name", "passed"), [(NAME, True), ("other.example", False)])
def test_tls_verifies_the_name_and_not_the_address(
    server: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, passed: bool
) -> None:
    """The connection goes to an address; the certificate must still be that of the name."""
    certificate = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setattr(public_doors, "trusted", lambda: ssl.create_default_context(cafile=certificate))
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    result = result_of(f"https://{name}:{server.server_port}", "127.0.0.1", private=True)
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
