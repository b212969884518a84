"""The server on 127.0.0.1: keep-alive, one thread a connection."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol

from selfright.local.edge.counts import EdgeCounts
from selfright.local.edge.http import EdgeRequest, EdgeResponse, error
from selfright.local.edge.targets import Targets, TargetsFile

OWN_PATH = "/.selfright/edge"
LARGEST_BODY = 10_000_000
"""Bytes; the limit of an HTTP API."""


class Way(Protocol):
    """Something that answers requests."""

    def answer(self, request: EdgeRequest, targets: Targets) -> EdgeResponse:
        """The response for a request."""


class EdgeDoor:
    """Decides who answers."""

    def __init__(self, targets: TargetsFile, api: Way, site: Way, counts: EdgeCounts) -> None:
        self._targets, self._api, self._site, self._counts = targets, api, site, counts

    def answer(self, request: EdgeRequest) -> EdgeResponse:
        """The response for a request."""
        if request.path == OWN_PATH:
            body = json.dumps(self._counts.totals()).encode()
            return EdgeResponse(200, body, (("content-type", "application/json"), ("cache-control", "no-store")))
        targets = self._targets.get()
        if targets is None:
            return error(503, "Nothing is deployed yet.")
        way = self._api if request.path in targets.api_paths else self._site
        return way.answer(request, targets)


class Server(ThreadingHTTPServer):
    """A server whose threads do not keep the process alive."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, answer: Callable[[EdgeRequest], EdgeResponse]) -> None:
        self.answer = answer
        super().__init__(("127.0.0.1", port), Handler)


class Handler(BaseHTTPRequestHandler):
    """Reads a request, gets the answer, and writes the response in one piece."""

    protocol_version = "HTTP/1.1"
    server_version = "selfright-edge"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server

    def handle_any(self) -> None:
        """Answer a request of any method."""
        size = self.headers.get("content-length", "0")
        if not size.isdigit() or "transfer-encoding" in self.headers:
            self._refuse(411, "Send a Content-Length.")
        elif int(size) > LARGEST_BODY:
            self._refuse(413, "Request Too Long")
        else:
            self._send(self._answer(self.rfile.read(int(size))))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_any  # noqa: N815 — their names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the name is the base class's
        """Log nothing: a line for each request would fill the disk."""

    def _answer(self, body: bytes) -> EdgeResponse:
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = EdgeRequest(self.command, self.path, headers, body, self.client_address[0])
        try:
            return self.server.answer(request)
        except Exception as problem:  # noqa: BLE001 — the edge must survive any error
            self.log_error("%s", repr(problem))
            return error(502, f"The edge could not answer: {problem!r}")

    def _refuse(self, status: int, message: str) -> None:
        """Answer without having read the body; the connection cannot be used again."""
        self.close_connection = True
        self._send(error(status, message))

    def _send(self, response: EdgeResponse) -> None:
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        if not any(name == "content-length" for name, _ in response.headers):
            self.send_header("content-length", str(len(response.body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
