"""HTTP requests to AWS as they are on the wire: what they ask of which service, and how they are passed on."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, unquote

from selfright.local_state import CREDENTIALS, REGION

READS = re.compile(r"^(BatchGet|Describe|Filter|Get|HEAD\b|GET\b|List|Query|Scan|Search)")
SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/(?P<service>[^/]+)/")
HEAD_BYTES = 256 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LOOPBACK = "127.0.0.1"
IDENTITY = (b"authorization:", b"x-amz-security-token:")


@dataclass(frozen=True)
class AwsCall:
    """One request: its lines and its body as they came."""

    method: str
    path: str
    headers: Mapping[str, str]
    head: tuple[bytes, ...]
    body: bytes

    @property
    def service(self) -> str:
        """The service that its signature is for, such as `dynamodb`; "unknown" without a signature."""
        found = SCOPE.search(self.headers.get("authorization", ""))
        return found["service"] if found else "unknown"

    @property
    def operation(self) -> str:
        """AWS's name of the call where the request has it; else method and path."""
        if target := self.headers.get("x-amz-target"):
            return target.rpartition(".")[2]
        if "/operation/" in self.path:
            return self.path.rpartition("/")[2]
        if self.body.startswith(b"Action=") or b"&Action=" in self.body[:2000]:
            return parse_qs(self.body.decode(errors="replace"))["Action"][0]
        return f"{self.method} {self.path.partition('?')[0]}"

    @property
    def writes(self) -> bool:
        """Whether the call may change something."""
        return not READS.match(self.operation)

    @property
    def call(self) -> str:
        """Service and operation in one word or two, for people."""
        return f"{self.service}:{self.operation}"

    @property
    def invocation(self) -> str:
        """What the SDK's attempts of one call have in common."""
        return self.headers.get("amz-sdk-invocation-id", "")

    @property
    def place(self) -> str:
        """The path, decoded and without its query."""
        return unquote(self.path.partition("?")[0])

    @property
    def query(self) -> Mapping[str, str]:
        """The first value of each parameter in the path's query."""
        return {name: values[0] for name, values in parse_qs(self.path.partition("?")[2]).items()}

    def towards(self, path: str) -> "AwsCall":
        """The same request with another path."""
        return replace(self, path=path, head=(_first_line(self.method, path), *self.head[1:]))

    def forwarded(self) -> bytes:
        """The request for the emulator: it closes the connection after its answer."""
        kept = [line for line in self.head[1:] if not line.lower().startswith((b"connection:", b"expect:"))]
        return b"\r\n".join([self.head[0], *kept, b"Connection: close", b"", self.body])


def of_root(request: AwsCall, service: str) -> AwsCall:
    """The same request by somebody who may do everything: the emulator reads the key and verifies no signature."""
    key = f"AWS4-HMAC-SHA256 Credential={CREDENTIALS['AWS_ACCESS_KEY_ID']}/20200101/{REGION}/{service}/aws4_request"
    kept = [line for line in request.head[1:] if not line.lower().startswith(IDENTITY)]
    head = (_first_line(request.method, request.path), *kept, f"Authorization: {key}".encode())
    headers = {name: value for name, value in request.headers.items() if name != "x-amz-security-token"}
    return replace(request, head=head, headers={**headers, "authorization": key})


def _first_line(method: str, path: str) -> bytes:
    return f"{method} {path} HTTP/1.1".encode()


def reading(path: str) -> AwsCall:
    """A GET of this path."""
    return AwsCall("GET", path, {}, (_first_line("GET", path), b"Host: " + LOOPBACK.encode()), b"")


async def read_call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> AwsCall | None:
    """The next request of a connection; None when there is none."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    head = tuple(raw.removesuffix(b"\r\n\r\n").split(b"\r\n"))
    method, path, _ = head[0].decode("latin-1").split(" ", 2)
    pairs = (line.decode("latin-1").partition(":") for line in head[1:])
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(CONTINUE)
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return AwsCall(method, path, headers, head, body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """A chunked body, still in its chunks."""
    raw = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        raw += line + await reader.readexactly(size + 2)
        if not size:
            return raw


async def forward(request: AwsCall, port: int) -> bytes:
    """The emulator's answer, as it came; raises `OSError` when the emulator does not listen."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port, limit=HEAD_BYTES)
    try:
        writer.write(request.forwarded())
        return await reader.read()
    finally:
        writer.transport.abort()


def response(status: int, kind: str, body: bytes, more: Mapping[str, str] | None = None) -> bytes:
    """An answer that closes its connection."""
    headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close", **(more or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Local\r\n{lines}\r\n".encode() + body


def with_body(answer: bytes, body: bytes) -> bytes:
    """The answer with another body, and its length."""
    head = answer.partition(b"\r\n\r\n")[0].split(b"\r\n")
    kept = [line for line in head if not line.lower().startswith(b"content-length:")]
    return b"\r\n".join([*kept, b"Content-Length: %d" % len(body), b"", body])
