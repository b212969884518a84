"""Counts the requests that reach AWS: a proxy in front of the local AWS, for rounds that are not timed."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qs, urlsplit

import urllib3

KEPT_BY_HTTP = {"connection", "content-length", "date", "expect", "host", "server", "transfer-encoding"}
SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/")
"""Finds the service for which a request was signed."""


@dataclass
class Counts:
    """What was requested: `service METHOD /path` or `service Action` → times."""

    seen: Counter[str] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    def add(self, request: str) -> None:
        """Count a request."""
        with self.lock:
            self.seen[request] += 1

    def clear(self) -> None:
        """Forget all requests."""
        with self.lock:
            self.seen.clear()

    @property
    def total(self) -> int:
        """All requests."""
        return self.seen.total()

    def of(self, service: str) -> int:
        """Requests to one service."""
        return sum(times for request, times in self.seen.items() if request.startswith(f"{service} "))

    def changing(self, bucket: str) -> int:
        """Requests that change the application: its function, its routing function, or its bucket."""
        return sum(times for request, times in self.seen.items() if _changes(request, bucket))

    def objects(self, bucket: str) -> Counter[str]:
        """Requests to a bucket by kind: `GET list`, `PUT object` and so on."""
        kinds: Counter[str] = Counter()
        for request, times in self.seen.items():
            service, method, path = (*request.split(" ", 2), "")[:3]
            if service == "s3" and path.startswith(f"/{bucket}"):
                kinds[f"{method} {'object' if path.removeprefix(f'/{bucket}').strip('/') else 'list'}"] += times
        return kinds


@contextmanager
def counting(endpoint: str) -> Iterator[tuple[str, Counts]]:
    """A counting proxy for the time of a `with` block: its address, and its counts."""
    counts = Counts()
    server = _Proxy(endpoint, counts)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", counts
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def name_of(method: str, target: str, headers: Mapping[str, str], body: bytes) -> str:
    """A request's name for people: `dynamodb UpdateItem`, `s3 PUT /bucket/key`."""
    signed = SCOPE.search(headers.get("authorization", ""))
    service = signed[1] if signed else "unsigned"
    if action := headers.get("x-amz-target"):
        return f"{service} {action.rpartition('.')[2]}"
    if "form-urlencoded" in headers.get("content-type", ""):
        return f"{service} {parse_qs(body.decode(errors='replace')).get('Action', ['?'])[0]}"
    return f"{service} {method} {urlsplit(target).path}"


def _changes(request: str, bucket: str) -> bool:
    service, method, path = (*request.split(" ", 2), "")[:3]
    if method in {"GET", "HEAD"} or path.endswith("/invocations"):
        return False
    return service in {"lambda", "cloudfront"} or (service == "s3" and path.startswith(f"/{bucket}"))


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, endpoint: str, counts: Counts) -> None:
        self.pool = urllib3.connection_from_url(endpoint, maxsize=64, retries=False)
        self.counts = counts
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Proxy

    def handle_any(self) -> None:
        """Count a request, forward it, and return the answer."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.counts.add(name_of(self.command, self.path, headers, body))
        kept = {name: value for name, value in headers.items() if name not in KEPT_BY_HTTP}
        reply = self.server.pool.request(
            self.command, self.path, body=body, headers=kept, redirect=False, decode_content=False
        )
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            if name.lower() not in KEPT_BY_HTTP:
                self.send_header(name, value)
        length = reply.headers.get("content-length", "0") if self.command == "HEAD" else str(len(reply.data))
        self.send_header("content-length", length)
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else reply.data)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any  # noqa: N815 - their names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""
