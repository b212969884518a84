"""Whether checks can reach an application's URLs: asked from this machine, as a visitor would."""

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus

import urllib3

from controller.aws.public_doors import CONNECT_SECONDS, PORTS, opened, trusted
from controller.domain.environment import Environment
from controller.errors import NoAnswerError
from selfright.components.examined import Examination, Finding, note, ok, problem

SOON = timedelta(days=14)
"""Whoever renews certificates has done so two weeks before their end."""
HEADERS = {"user-agent": "selfright", "cache-control": "no-cache"}
PRIVATE = "may not ask"

Ask = Callable[[str, bool], int]
"""The status with which a URL answers, also if it is private; raises `NoAnswerError`."""


def ask(url: str, private: bool) -> int:
    """One request, through the controller's own doors: no redirect is followed, and private addresses are refused."""
    with opened(url, private=private) as door:
        try:
            answer = door.ask("GET", urllib3.util.parse_url(url).request_uri, HEADERS, None)
            answer.close()
        except (urllib3.exceptions.HTTPError, TimeoutError) as error:
            reason = type(error).__name__.removesuffix("Error")
            raise NoAnswerError(f"no answer from {url} ({reason})") from error
        return answer.status


def certificate_ends(url: str, context: ssl.SSLContext | None = None) -> datetime | None:
    """The end of the certificate with which a URL answers; None without TLS. Raises `NoAnswerError`."""
    parts = urllib3.util.parse_url(url)
    if parts.scheme != "https":
        return None
    host = str(parts.host).strip("[]")
    try:
        with (
            socket.create_connection((host, parts.port or PORTS["https"]), timeout=CONNECT_SECONDS) as connection,
            (context or trusted()).wrap_socket(connection, server_hostname=host) as secured,
        ):
            certificate = secured.getpeercert() or {}
    except OSError as error:
        raise NoAnswerError(f"no certificate from {url} ({type(error).__name__})") from error
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


Ends = Callable[[str], datetime | None]
"""The end of a URL's certificate, if it has one."""


@dataclass(frozen=True)
class UrlExaminer:
    """Asks the URLs of an environment; `now` is what the end of a certificate is compared with."""

    environment: Environment
    now: datetime
    ask: Ask = ask
    ends: Ends = certificate_ends

    def examinations(self) -> list[Examination]:
        """One for each component that has a URL."""
        urls = {name: one.url for name, one in sorted(self.environment.components.items()) if one.url}
        return [Examination(f"the URL of {name}", partial(self._url, url)) for name, url in urls.items()]

    def _url(self, url: str) -> Iterator[Finding]:
        try:
            status = self.ask(url, self.environment.allow_private_urls)
        except NoAnswerError as error:
            means = "Checks from outside would fail there too, and a release be rolled back."
            step = "Correct the URL in the environment, or what keeps it from answering."
            if PRIVATE in str(error):
                step = "Give the environment a public URL, or set `allow_private_urls` if this network is meant."
            yield problem(str(error), means, step)
            return
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            means = "Before the first release that is right; after it, visitors get this answer."
            yield note(f"{url} answers {status}", means, "Compare with what is live: `selfright status`.")
        else:
            yield ok(f"{url} answers {status}, asked from this machine")
        yield from self._certificate(url)

    def _certificate(self, url: str) -> Iterator[Finding]:
        ends = self.ends(url)
        if ends is not None and ends - self.now < SOON:
            means = "When it ends, browsers refuse the application, and checks fail."
            yield note(f"the certificate of {url} ends on {ends:%Y-%m-%d}", means, "Find out why it is not renewed.")
