"""Open connections to one host for requests by the thousand: each is one write and, mostly, one read.

Python's own client takes longer over the headers of a small request and its answer than the network does. Whatever is
unusual here (a proxy, a strange answer) is an error, and the caller goes the ordinary way.
"""

import os
import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPSConnection
from socket import IPPROTO_TCP, TCP_NODELAY, socket
from typing import Final
from urllib.parse import urlsplit

from botocore.httpsession import where
from botocore.utils import get_environ_proxies

_CHUNK: Final = 64 * 1024
_HEAD_BYTES: Final = 32 * 1024
_HEAD_END: Final = b"\r\n\r\n"


class WireError(Exception):
    """There was no answer that is understood here; whether the request was received is not known."""


class Wire:
    """Connections to the host of one URL, for any number of threads."""

    def __init__(self, url: str, connect_seconds: float, read_seconds: float) -> None:
        parts = urlsplit(url)
        self.host = parts.netloc
        self._name, self._port, self._safe = parts.hostname or "", parts.port, parts.scheme == "https"
        self._times = (connect_seconds, read_seconds)
        self._proxied = bool(get_environ_proxies(url))
        self._context: ssl.SSLContext | None = None
        self._idle: list[socket] = []

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> int:
        """Send a request and read its whole answer; returns the status. Raises `WireError`.

        A connection that was idle may have been closed by the other side; then the request is sent again.
        """
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        try:
            head = f"{method} {target} HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n".encode("ascii")
        except UnicodeEncodeError as error:
            raise WireError("a header is not ASCII") from error
        try:
            used = self._idle.pop()
        except IndexError:
            return self._exchange(self._connected(), head + body)
        try:
            return self._exchange(used, head + body)
        except WireError:
            return self._exchange(self._connected(), head + body)

    def close(self) -> None:
        """Close the connections; the next request opens one."""
        while self._idle:
            self._idle.pop().close()

    def _connected(self) -> socket:
        if self._proxied:
            raise WireError("a proxy is in between")
        try:
            connection = self._connection()
            connection.connect()
            connection.sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
            connection.sock.settimeout(self._times[1])
        except OSError as error:
            raise WireError(type(error).__name__) from error
        made: socket = connection.sock
        return made

    def _connection(self) -> HTTPConnection:
        if not self._safe:
            return HTTPConnection(self._name, self._port, timeout=self._times[0])
        if self._context is None:
            self._context = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or where())
        return HTTPSConnection(self._name, self._port, timeout=self._times[0], context=self._context)

    def _exchange(self, used: socket, request: bytes) -> int:
        try:
            used.sendall(request)
            status, is_open = _answer(used)
        except (OSError, ValueError) as error:
            used.close()
            raise WireError(type(error).__name__) from error
        if is_open:
            self._idle.append(used)
        else:
            used.close()
        return status


def _answer(used: socket) -> tuple[int, bool]:
    """The status of an answer that is read to its end, and whether the connection stays open."""
    data = bytearray()
    while (end := data.find(_HEAD_END)) < 0:
        _receive(used, data)
        if len(data) > _HEAD_BYTES:
            raise ValueError("an answer's headers have no end")
    head = bytes(data[:end]).lower()
    status = int(head[9:12])
    at = head.find(b"\r\ncontent-length:")
    if at < 0:
        return status, False
    length = int(head[at + 17 :].partition(b"\r\n")[0])
    left = length - (len(data) - end - len(_HEAD_END))
    while left > 0:
        rest = bytearray()
        _receive(used, rest)
        left -= len(rest)
    return status, left == 0 and b"\r\nconnection: close" not in head


def _receive(used: socket, data: bytearray) -> None:
    piece = used.recv(_CHUNK)
    if not piece:
        raise ValueError("the connection was closed")
    data += piece
