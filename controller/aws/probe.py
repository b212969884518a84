"""Requests from outside, as a visitor would make them."""

import time
from collections.abc import Callable, Sequence

import urllib3

from controller.domain.checks import Check, CheckResult, evaluate_any

CONNECT_SECONDS, READ_SECONDS, SECONDS = 3.0, 10.0, 20.0
"""To connect, between two pieces of the answer, and for all of it."""
READ_AT_MOST = 5 * 1024 * 1024
CHUNK = 64 * 1024
REDIRECTS = range(300, 400)


class HttpProbe:
    """Implements `ports.Probe`: one attempt, bounded in time and size, and no redirect is followed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        self._pool = urllib3.PoolManager(retries=False, timeout=timeout)
        self._clock = clock

    def run(self, url: str, check: Check, others: Sequence[Check] = ()) -> CheckResult:
        """Request and compare; a failure to connect is a failed check, not an exception."""
        try:
            return self._ask(url.rstrip("/") + check.path, check, others)
        except (urllib3.exceptions.HTTPError, TimeoutError) as error:
            # Their texts are full of Python's objects; their names say it.
            reason = type(error).__name__.removesuffix("Error")
            return CheckResult(check.name, False, f"no answer from {url} ({reason})")

    def _ask(self, url: str, check: Check, others: Sequence[Check]) -> CheckResult:
        headers = {"user-agent": "selfright", "cache-control": "no-cache"}
        if isinstance(check.body, dict):
            headers["content-type"] = "application/json"
        answer = self._pool.request(
            check.method, url, body=check.encoded_body(), headers=headers, redirect=False, preload_content=False
        )
        try:
            body = self._read(answer)
        finally:
            answer.close()  # Not given back to the pool: there may be more than was read.
        if answer.status in REDIRECTS and answer.status != check.status:
            where = answer.headers.get("location", "nowhere")[:200]
            return CheckResult(check.name, False, f"expected status {check.status}, got {answer.status}, to {where}")
        return evaluate_any(check, others, answer.status, body)

    def _read(self, answer: urllib3.BaseHTTPResponse) -> bytes:
        ends, body = self._clock() + SECONDS, bytearray()
        for chunk in answer.stream(CHUNK):
            body += chunk
            if self._clock() > ends:
                raise TimeoutError
            if len(body) >= READ_AT_MOST:
                break
        return bytes(body[:READ_AT_MOST])
