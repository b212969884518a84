"""Connections to a web server, made only after its address has been checked.

A name is resolved once; if one of its addresses is not public, no request is sent. The connection then goes to exactly
the address that was checked, so a name cannot resolve differently the second time. TLS still verifies the name.
"""

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Protocol

import urllib3
from urllib3.exceptions import ConnectTimeoutError, LocationParseError, NewConnectionError
from urllib3.util import Url, parse_url

from controller.domain.checks.addresses import ADVICE, why_not_public
from controller.errors import NotReachedError

CONNECT_SECONDS, READ_SECONDS = 3.0, 10.0
"""Time limits to connect, and between two pieces of an answer."""
CONNECTIONS = 6
ADDRESSES = 3
"""How many of a name's addresses are tried."""
PORTS = {"http": 80, "https": 443}

Resolve = Callable[[str, int], Sequence[str]]
"""The IP addresses of a host; raises `OSError`."""


class Door(Protocol):
    """Makes requests to one origin."""

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> urllib3.BaseHTTPResponse:
        """The answer, not read yet; raises urllib3's errors. No redirect is followed."""


def addresses_of(host: str, port: int) -> Sequence[str]:
    """The addresses from the system's resolver, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def refusal(url: str, resolve: Resolve = addresses_of) -> str:
    """Why a request is refused: `api.example leads to the private address 10.0.0.7`; "" if there is no reason."""
    parts = _parsed(url)
    try:
        addresses = resolve(_bare(parts), _port(parts))
    except (OSError, UnicodeError):
        return ""  # A name that does not resolve fails the check itself.
    return _why_refused(parts, addresses)


@contextmanager
def opened(url: str, *, private: bool, resolve: Resolve = addresses_of) -> Iterator[Door]:
    """A door to the URL's origin; raises `NotReachedError` when requests are refused or the name does not resolve.

    `private`: requests to addresses that are not public are allowed, too.
    """
    parts = _parsed(url)
    try:
        addresses = resolve(_bare(parts), _port(parts))
    except (OSError, UnicodeError) as error:
        raise NotReachedError(f"no answer from {url} (NameResolution)") from error
    if not private and (reason := _why_refused(parts, addresses)):
        raise NotReachedError(f"{reason}, which checks may not ask. {ADVICE}")
    door = _CheckedDoor(parts, addresses[:ADDRESSES])
    try:
        yield door
    finally:
        door.close()


class _CheckedDoor:
    """Connects to the first of the addresses that accepts a connection."""

    def __init__(self, parts: Url, addresses: Sequence[str]) -> None:
        self._host = parts.netloc or ""
        self._pools = [_pool(parts, address) for address in addresses]

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> urllib3.BaseHTTPResponse:
        *others, last = self._pools
        for pool in others:
            try:
                return self._ask(pool, method, target, headers, body)
            except (NewConnectionError, ConnectTimeoutError):
                continue
        return self._ask(last, method, target, headers, body)

    def close(self) -> None:
        for pool in self._pools:
            pool.close()

    def _ask(
        self, pool: urllib3.HTTPConnectionPool, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> urllib3.BaseHTTPResponse:
        return pool.urlopen(
            method,
            target,
            body=body,
            headers={"host": self._host, **headers},
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
        )


def _pool(parts: Url, address: str) -> urllib3.HTTPConnectionPool:
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    if parts.scheme == "https":
        return urllib3.HTTPSConnectionPool(
            address,
            _port(parts),
            timeout=timeout,
            maxsize=CONNECTIONS,
            server_hostname=_bare(parts),
            ssl_context=trusted(),
        )
    return urllib3.HTTPConnectionPool(address, _port(parts), timeout=timeout, maxsize=CONNECTIONS)


@cache
def trusted() -> ssl.SSLContext:
    """The system's certificates, read once: reading them takes longer than a request."""
    return ssl.create_default_context()


def _parsed(url: str) -> Url:
    try:
        parts = parse_url(url)
    except LocationParseError as error:
        raise NotReachedError(f"{url} is not a valid URL: correct it in the environment") from error
    if parts.scheme not in PORTS or not parts.host:
        raise NotReachedError(f"{url} is not a valid URL: correct it in the environment")
    return parts


def _port(parts: Url) -> int:
    return parts.port or PORTS[str(parts.scheme)]


def _bare(parts: Url) -> str:
    """The host as the resolver expects it: an IPv6 address without its brackets."""
    return str(parts.host).strip("[]")


def _why_refused(parts: Url, addresses: Sequence[str]) -> str:
    reasons = map(why_not_public, addresses)
    return next((f"{parts.host} leads to {reason}" for reason in reasons if reason), "")
