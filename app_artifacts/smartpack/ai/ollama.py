"""One question to Ollama by its HTTP API, in bounded time and with a bounded answer."""

import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from threading import Timer
from urllib.parse import urlsplit

LARGEST_ANSWER = 256 * 1024
"""Bytes; a dozen suggestions take one or two thousand."""
PORT = 11434
"""Ollama's default port, if the host has none."""
LATE = "it did not answer in time"


class OllamaError(Exception):
    """Ollama did not give an answer; the text says why, without anything that a visitor wrote."""


@dataclass(frozen=True, slots=True)
class Ollama:
    """Where Ollama is, and which model it uses. `host` is written as its own tools take it: `ai.internal:11434`."""

    host: str
    model: str

    def ask(self, prompt: str, schema: Mapping[str, object], seconds: float) -> object:
        """Return the model's answer, decoded from JSON that follows the schema; `OllamaError` after so many seconds."""
        body = {
            "model": self.model,
            "prompt": prompt,
            "format": schema,
            "stream": False,
            "options": {"temperature": 0.2, "num_predict": 600},
        }
        answer = _decoded(self._post("/api/generate", json.dumps(body).encode(), seconds), "answer")
        text = answer.get("response") if isinstance(answer, dict) else None
        if not isinstance(text, str):
            raise OllamaError("its answer has no response")
        return _decoded(text.encode(), "response")

    def _post(self, path: str, body: bytes, seconds: float) -> bytes:
        end = time.monotonic() + seconds
        if seconds <= 0:
            raise OllamaError(LATE)
        try:
            with closing(self._connection(seconds)) as connection, _ended_at(end, connection):
                connection.request("POST", path, body, {"content-type": "application/json"})
                response = connection.getresponse()
                content = response.read(LARGEST_ANSWER + 1)
        except (OSError, http.client.HTTPException) as error:
            raise OllamaError(LATE if time.monotonic() >= end else type(error).__name__) from error
        if time.monotonic() >= end:
            raise OllamaError(LATE)
        if response.status != HTTPStatus.OK:
            raise OllamaError(f"it answered with status {response.status}")
        if len(content) > LARGEST_ANSWER:
            raise OllamaError(f"its answer is longer than {LARGEST_ANSWER} bytes")
        return content

    def _connection(self, seconds: float) -> http.client.HTTPConnection:
        try:
            place = urlsplit(self.host if "://" in self.host else f"http://{self.host}")
            port = place.port or (None if place.scheme == "https" else PORT)
        except ValueError as error:
            raise OllamaError("OLLAMA_HOST is not an address") from error
        kinds: Mapping[str, type[http.client.HTTPConnection]] = {
            "http": http.client.HTTPConnection,
            "https": http.client.HTTPSConnection,
        }
        if place.scheme not in kinds or not place.hostname:
            raise OllamaError("OLLAMA_HOST is not an address")
        return kinds[place.scheme](place.hostname, port, timeout=seconds)


@contextmanager
def _ended_at(end: float, connection: http.client.HTTPConnection) -> Iterator[None]:
    """Connect, and close the connection at `end`: a socket's timeout would begin again with every byte."""
    connection.connect()
    line = connection.sock
    timer = Timer(max(0.0, end - time.monotonic()), _hang_up, [line])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(line: socket.socket) -> None:
    with suppress(OSError):  # It has just ended.
        line.shutdown(socket.SHUT_RDWR)


def _decoded(content: bytes, what: str) -> object:
    try:
        decoded: object = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise OllamaError(f"its {what} is not JSON") from error
    return decoded
