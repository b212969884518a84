"""Whether checks can reach an application's URLs: asked from this machine, as a visitor would."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

import urllib3

from controller.aws.public_doors import opened
from controller.domain.environment import Environment
from controller.errors import NoAnswerError
from selfright.components.examined import Examination, Finding, note, ok, problem

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


@dataclass(frozen=True)
class UrlExaminer:
    """Asks the URLs of an environment."""

    environment: Environment
    ask: Ask = ask

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
