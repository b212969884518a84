"""Loads a page as a browser does, a few files at a time, with limits on number, bytes and time."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from urllib.parse import urlsplit

from controller.confinement import TooCostlyError, confined
from controller.domain.checks.check import Answer, CheckResult
from controller.domain.checks.folder_redirect import folder_of
from controller.domain.checks.page_links import WITH_LINKS, Link, links_in
from controller.domain.checks.page_types import Use, is_plausible
from controller.domain.checks.site_check import SiteCheck
from controller.domain.printable import printable
from controller.errors import NoAnswerError, NotReachedError

FILES, BYTES, SECONDS = 200, 50 * 1024 * 1024, 30
AT_ONCE = 6
"""As many connections as browsers open to one host."""
AT_ONCE_BYTES = 1024
"""A file of so few bytes is read without a process of its own."""
SHOWN = 3
SHOWN_PATH = 100

Fetch = Callable[[str], Answer]
"""Returns the answer of an address; raises `NoAnswerError`."""


class _TooMuchError(Exception):
    """The page exceeds a limit."""


@dataclass
class PageLoad:
    """Loads one page. Several threads call `fetch`."""

    fetch: Fetch
    clock: Callable[[], float] = time.monotonic
    files: int = FILES
    bytes: int = BYTES
    seconds: float = SECONDS
    _loaded: int = field(default=0, init=False)
    _ends: float = field(default=0.0, init=False)
    _unreached: int = field(default=0, init=False)

    def run(self, check: SiteCheck, url: str) -> CheckResult:
        """Load the page at `url` and, from the same origin, the files that it needs, directly or through others."""
        self._ends = self.clock() + self.seconds
        try:
            count, trouble = self._load_all(Link(url, Use.PAGE))
        except _TooMuchError as error:
            return CheckResult(check.name, False, f"{error}: check a smaller page of the site")
        if not trouble:
            return CheckResult(check.name, True, f"the page and {count - 1} files that it needs are there")
        shown = "; ".join(trouble[:SHOWN])
        unknown = len(trouble) == self._unreached
        return CheckResult(check.name, False, f"{len(trouble)} of {count} files are not right: {shown}", unknown)

    def _load_all(self, page: Link) -> tuple[int, list[str]]:
        """Load the page, then the files that it links to, and so on; returns their number and what is wrong."""
        known, wave = {page}, {page}
        trouble: list[str] = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while wave:
                ordered = sorted(wave, key=lambda link: (link.url, link.use))
                wave = set()
                for wrong, found in pool.map(self._load, ordered):
                    trouble += wrong
                    wave |= found - known
                known |= wave
                if len(known) > self.files:
                    raise _TooMuchError(f"the page needs more than {self.files} files")
        return len(known), trouble

    def _load(self, link: Link) -> tuple[Iterable[str], set[Link]]:
        """Load a file; returns what is wrong with it, and its links. Its contents are not kept."""
        if self._loaded > self.bytes:
            raise _TooMuchError(f"the page needs more than {self.bytes // 1024 // 1024} MiB")
        if self.clock() > self._ends:
            raise _TooMuchError(f"the page was not loaded within {self.seconds:.0f} seconds")
        path = urlsplit(link.url).path
        try:
            answer = self.fetch(link.url)
            if folder := folder_of(link.url, answer):
                link = Link(folder, link.use)  # its links are relative to that
                answer = self.fetch(folder)
        except NoAnswerError as error:
            self._unreached += isinstance(error, NotReachedError)
            return [f"{_shown(path)}: {error}"], set()
        self._loaded += len(answer.body)
        if answer.status != HTTPStatus.OK:
            return [f"{_shown(path)} has status {answer.status}"], set()
        if not is_plausible(link.use, path, answer.content_type):
            kind = _shown(answer.content_type) or "without a type"
            return [f"{_shown(path)} is {kind} and used as {link.use}"], set()
        return self._links(link, answer, path)

    def _links(self, link: Link, answer: Answer, path: str) -> tuple[Iterable[str], set[Link]]:
        """What is wrong with a file's contents, and its links. Reading them is ended in time."""
        if link.use not in WITH_LINKS:
            return [], set()
        read = partial(links_in, link.url, link.use, answer.body)
        try:
            if len(answer.body) > AT_ONCE_BYTES:
                return [], confined(read, max(1.0, self._ends - self.clock()))
            return [], read()
        except TooCostlyError as error:
            return [f"{_shown(path)} cannot be read: that {error}"], set()


def _shown(text: str) -> str:
    return printable(text if len(text) <= SHOWN_PATH else f"{text[:SHOWN_PATH]}…")
