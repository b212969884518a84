"""Requests from outside, as a visitor would make them."""

import json
from collections.abc import Callable, Sequence
from http import HTTPStatus

import urllib3

from controller.aws.public_doors import Door, Resolve, addresses_of, opened, refusal
from controller.clock import monotonic
from controller.domain.checks.check import READ_AT_MOST, Answer, Check, CheckResult, check_answer_with
from controller.domain.checks.folder_redirect import folder_of
from controller.domain.checks.page_load import PageLoad
from controller.domain.checks.redaction import redacted
from controller.domain.checks.site_check import SiteCheck
from controller.domain.checks.verification import OutsideCheck
from controller.domain.components.site.routing import PUBLICATION_PATH
from controller.domain.printable import printable
from controller.errors import NoAnswerError, NotReachedError
from controller.ports.signals import Probe

SECONDS = 20.0
"""The time limit for the whole of an answer."""
CHUNK = 64 * 1024
SHOWN = 40
REDIRECTS = range(300, 400)
UNREACHED = (
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.SSLError,
    urllib3.exceptions.ProxyError,
)
"""Nobody took the request: the network, a firewall or a certificate is in the way, and no release changes these."""
HEADERS = {"user-agent": "selfright", "cache-control": "no-cache"}


class HttpProbe(Probe):
    """Implements `ports.Probe`: one attempt, bounded in time and size.

    Of redirects only that from `/docs` to `/docs/` is followed.
    """

    def __init__(self, clock: Callable[[], float] = monotonic, resolve: Resolve = addresses_of) -> None:
        """`clock` gives seconds; `resolve` gives the addresses of a name."""
        self._clock, self._resolve = clock, resolve

    def publication(self, url: str, *, private: bool = False) -> str:
        """One request, which no cache answers, because the routing function itself does."""
        address = url.rstrip("/") + PUBLICATION_PATH
        with opened(address, private=private, resolve=self._resolve) as door:
            answer = self._answer(door, address, "GET", HEADERS, None)
        try:
            found = json.loads(answer.body)["publication"]
        except (ValueError, KeyError, TypeError, RecursionError):
            found = None
        if answer.status != HTTPStatus.OK or not isinstance(found, str):
            raise NoAnswerError(f"{address} is not answered by a routing function, but with status {answer.status}")
        return printable(found)[:SHOWN]

    def refusal(self, url: str) -> str:
        """Why a request to this URL is refused, unless private ones are allowed; "" when nothing speaks against it."""
        try:
            return refusal(url, self._resolve)
        except NoAnswerError as error:
            return str(error)

    def run(
        self, url: str, check: OutsideCheck, others: Sequence[OutsideCheck] = (), *, private: bool = False
    ) -> CheckResult:
        """Request and compare; a failure to connect is a failed check, not an exception."""
        address = url.rstrip("/") + check.path
        try:
            with opened(address, private=private, resolve=self._resolve) as door:
                if isinstance(check, SiteCheck):
                    return PageLoad(lambda link: self._get(door, link), self._clock).run(check, address)
                alternatives = [other for other in others if isinstance(other, Check)]
                return self._made(door, address, check, alternatives)
        except NoAnswerError as error:
            unknown = isinstance(error, NotReachedError)
            return CheckResult(check.name, False, str(error).replace(address, url), unknown=unknown)

    def _made(self, door: Door, address: str, check: Check, others: Sequence[Check]) -> CheckResult:
        """Compare the answer, and after that the page in the folder to which it leads, if somebody may want that."""
        headers, body = {**HEADERS, **check.sent_headers()}, check.encoded_body()
        answer = self._answer(door, address, check.method, headers, body)
        result = self._compare(check, others, answer)
        pages = [one for one in (check, *others) if one.status not in REDIRECTS]
        folder = folder_of(address, answer) if pages and not result.passed and check.method in {"GET", "HEAD"} else ""
        return (
            self._compare(check, others, self._answer(door, folder, check.method, headers, body)) if folder else result
        )

    def _compare(self, check: Check, others: Sequence[Check], answer: Answer) -> CheckResult:
        result = check_answer_with(check, others, answer)
        if not result.passed and answer.status in REDIRECTS and answer.status != check.status:
            where = redacted(answer.headers.get("location", "nowhere")[:800])[:200]
            return CheckResult(check.name, False, f"expected status {check.status}, got {answer.status}, to {where}")
        return result

    def _get(self, door: Door, address: str) -> Answer:
        return self._answer(door, address, "GET", HEADERS, None)

    def _answer(self, door: Door, address: str, method: str, headers: dict[str, str], body: bytes | None) -> Answer:
        """The whole answer, with the time that a visitor would have waited for it."""
        started = self._clock()
        try:
            target = urllib3.util.parse_url(address).request_uri
            answer = door.ask(method, target, headers, body)
            content = self._read(answer, started + SECONDS)
        except (urllib3.exceptions.HTTPError, TimeoutError) as error:
            # The messages of these errors are full of Python objects; the name of the class says enough.
            reason = type(error).__name__.removesuffix("Error")
            missed = NotReachedError if isinstance(error, UNREACHED) else NoAnswerError
            raise missed(f"no answer from {address} ({reason})") from error
        found = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, content, found, (self._clock() - started) * 1000)

    def _read(self, answer: urllib3.BaseHTTPResponse, ends: float) -> bytes:
        """Read the answer piece by piece: waiting for a whole chunk could take for ever."""
        body = bytearray()
        while chunk := answer.read1(CHUNK):
            body += chunk
            if self._clock() > ends:
                answer.close()
                raise TimeoutError
            if len(body) >= READ_AT_MOST:
                answer.close()  # Not returned to the pool: the connection may hold more than was read.
                return bytes(body[:READ_AT_MOST])
        answer.release_conn()
        return bytes(body)
