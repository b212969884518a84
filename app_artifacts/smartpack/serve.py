"""Serves a release folder on 127.0.0.1 without AWS, the site and the API on one address, for work on SmartPack."""

import argparse
import importlib
import json
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app_artifacts.smartpack.build import HEAD, built, versions

Handler = Callable[[dict[str, Any], object], dict[str, Any]]

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}

POLICY = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'"
"""CloudFront's content security policy, so that a page that works here also works there."""


def load_handler(api: Path) -> Handler:
    """Import `app.handler` from a release's `api` folder; handlers of several releases can live side by side."""
    names = [path.stem for path in api.glob("*.py")]
    with _importing_from(api, names):
        handler: Handler = importlib.import_module("app").handler
    return handler


@contextmanager
def _importing_from(folder: Path, names: list[str]) -> Iterator[None]:
    """Import `names` again from the folder, and leave no trace in `sys.modules` or the folder."""
    hidden = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = writes_bytecode
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)


def event(method: str, path: str, body: str | None = None) -> dict[str, Any]:
    """Make the event (payload 2.0) of a request, with the fields that the API reads."""
    return {
        "version": "2.0",
        "rawPath": path,
        "requestContext": {"http": {"method": method, "path": path}},
        "body": body,
        "isBase64Encoded": False,
    }


def server(release: Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of the release folder, bound to loopback (port 0: a free one) and not yet serving."""
    api, site = load_handler(release / "api"), (release / "frontend" / "dist").resolve()

    class Visit(BaseHTTPRequestHandler):
        """One request: `/health` and `/generate` go to the API, the rest are files."""

        def do_GET(self) -> None:
            if self._path == "/health":
                return self._invoke()
            file = (site / self._path.lstrip("/")).resolve()
            known = file.is_file() and file.is_relative_to(site)
            file = file if known else site / "index.html"
            return self._send(200, CONTENT_TYPES.get(file.suffix, "text/plain"), file.read_bytes())

        def do_POST(self) -> None:
            self._invoke()

        @property
        def _path(self) -> str:
            return urlsplit(self.path).path

        def _invoke(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode(errors="replace")
            try:
                answer = api(event(self.command, self._path, body), None)
            except Exception:  # noqa: BLE001 - what an HTTP API does with a Lambda that raised
                traceback.print_exc()
                self._send(500, "application/json", json.dumps({"message": "Internal Server Error"}).encode())
            else:
                self._send(answer["statusCode"], answer["headers"]["content-type"], answer["body"].encode())

        def _send(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.send_header("content-security-policy", POLICY)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: the API logs its own requests."""

    return ThreadingHTTPServer(("127.0.0.1", port), Visit)


def main() -> None:
    """Build a release and serve it until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Try a release of SmartPack in a browser, without AWS.")
    parser.add_argument("--version", choices=versions(), default=HEAD)
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    serving = server(built(arguments.version, say), arguments.port)
    say(f"SmartPack {arguments.version}: http://127.0.0.1:{serving.server_port}/ (Ctrl-C ends it)")
    try:
        serving.serve_forever()
    except KeyboardInterrupt:
        serving.server_close()


def say(line: str) -> None:
    """Write a line of progress."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
