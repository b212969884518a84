import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread

import pytest

from controller.aws.client.wire import Wire, WireError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
CLOSED = b""


class Server:
    """Answers the requests of each connection with what it is told, and keeps what it has read."""

    def __init__(self, *connections: Sequence[bytes]) -> None:
        """Each connection is closed after its last answer."""
        self._connections = connections
        self.read: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        """Serve the connections, one after the other."""
        for answers in self._connections:
            connection, _ = self._listener.accept()
            with connection:
                for answer in answers:
                    self.read.append(connection.recv(65536))
                    connection.sendall(answer)
        self._listener.close()


@contextmanager
def served(*connections: Sequence[bytes]) -> Iterator[Server]:
    """A server that is at its end when the block is."""
    server = Server(*connections)
    thread = Thread(target=server.serve)
    thread.start()
    yield server
    thread.join(5)
    assert not thread.is_alive()


@contextmanager
def wire(server: Server) -> Iterator[Wire]:
    """A wire to the server."""
    made = Wire(server.url, 1, 1)
    yield made
    made.close()


def test_requests_share_a_connection() -> None:
    """Each is whole, with the length of its body."""
    refused = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 3\r\nx: y\r\n\r\nabc"
    with served([OK, refused, OK]) as server, wire(server) as connection:
        sent = [connection.send("PUT", f"/{number}", {"host": "h", "a": "b"}, b"body") for number in range(3)]
    assert sent == [200, 403, 200]
    assert server.read[2] == b"PUT /2 HTTP/1.1\r\nhost: h\r\na: b\r\ncontent-length: 4\r\n\r\nbody"


@pytest.mark.parametrize(
    "last",
    [b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"],
)
def test_a_connection_that_ends_is_not_used_again(last: bytes) -> None:
    """As the other side says, or when the end of its answer is not known."""
    with served([last], [OK]) as server, wire(server) as connection:
        assert [connection.send("PUT", "/", {}, b"") for _ in range(2)] == [200, 200]


def test_an_idle_connection_may_have_been_closed() -> None:
    """Then the request is sent again on a new one, once."""
    with served([OK], [OK]) as server, wire(server) as connection:
        assert [connection.send("PUT", "/", {}, b"") for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("answer", [CLOSED, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", b"nonsense\r\n\r\n"])
def test_an_answer_that_is_not_understood_is_an_error(answer: bytes) -> None:
    """The ordinary call knows what to do."""
    with served([answer]) as server, wire(server) as connection, pytest.raises(WireError):
        connection.send("PUT", "/", {}, b"")


def test_headers_without_an_end_are_an_error() -> None:
    """Nobody fills the memory."""
    with served([b"x" * 40_000]) as server, wire(server) as connection, pytest.raises(WireError):
        connection.send("PUT", "/", {}, b"")


def test_a_proxy_is_left_to_the_ordinary_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent past it."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(WireError, match="proxy"):
        Wire("http://s3.example", 1, 1).send("PUT", "/", {}, b"")


def test_a_host_that_does_not_answer_is_an_error() -> None:
    """So is a header that is not ASCII, which is not sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(WireError):
        Wire(url, 1, 1).send("PUT", "/", {}, b"")
    with pytest.raises(WireError, match="ASCII"):
        Wire(url, 1, 1).send("PUT", "/", {"a": "é"}, b"")


def test_a_safe_host_must_prove_its_name() -> None:
    """A server without TLS, or with another's certificate, gets nothing."""
    with served([OK]) as server, pytest.raises(WireError):
        Wire(server.url.replace("http:", "https:"), 1, 1).send("PUT", "/", {}, b"")
