"""HTTP requests to AWS as they are on the wire: what they ask of which service, and answers that AWS might give."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

READS = re.compile(r"^(BatchGet|Describe|Filter|Get|HEAD\b|GET\b|List|Query|Scan|Search)")
SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/(?P<service>[^/]+)/")
HEAD_BYTES = 256 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
FRAMING = (b"content-length:", b"transfer-encoding:")
XML, JSON = "text/xml", "application/x-amz-json-1.1"


@dataclass(frozen=True)
class Request:
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

    def forwarded(self) -> bytes:
        """The request for the emulator: it closes the connection after its answer."""
        kept = [line for line in self.head[1:] if not line.lower().startswith((b"connection:", b"expect:"))]
        return b"\r\n".join([self.head[0], *kept, b"Connection: close", b"", self.body])


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
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
    return Request(method, path, headers, head, body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """A chunked body, still in its chunks."""
    raw = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        raw += line + await reader.readexactly(size + 2)
        if not size:
            return raw


def torn(answer: bytes) -> bytes:
    """The head and half of the body, in chunks of which the last one is missing.

    In chunks, because botocore takes a body that is shorter than its Content-Length for the whole answer.
    """
    head, _, body = answer.partition(b"\r\n\r\n")
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(FRAMING)]
    half = body[: len(body) // 2]
    return b"\r\n".join([*kept, b"Transfer-Encoding: chunked", b"", b"%x" % (len(half) + 1), half])


def unavailable() -> bytes:
    """A 503 as it comes from a load balancer, whatever the protocol."""
    return _answer(503, "text/html", b"<html><body>503 Service Unavailable</body></html>")


def throttled(request: Request) -> bytes:
    """What the service answers when it is asked too often, in its own protocol."""
    service = request.service
    if "x-amz-target" in request.headers:
        code = "ProvisionedThroughputExceededException" if service == "dynamodb" else "ThrottlingException"
        return _answer(400, JSON, json.dumps({"__type": code, "message": "Rate exceeded"}).encode())
    if service == "lambda":
        code = "TooManyRequestsException"
        return _answer(429, JSON, b'{"message": "Rate Exceeded."}', {"x-amzn-errortype": code})
    if service == "s3":
        return _answer(503, XML, b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>")
    if service in {"cloudfront", "sns", "sts"}:
        error = b"<Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>"
        return _answer(400, XML, b"<ErrorResponse>" + error + b"</ErrorResponse>")
    return unavailable()


def _answer(status: int, kind: str, body: bytes, more: Mapping[str, str] | None = None) -> bytes:
    headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close", **(more or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Chaos\r\n{lines}\r\n".encode() + body
