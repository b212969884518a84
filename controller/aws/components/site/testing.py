"""Tests a staged revision of a site before any visitor gets it: are all files there, and what would it answer?"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus

from controller.aws.components.site.added import added_keys
from controller.aws.components.site.files import SiteFiles, Stored
from controller.aws.components.site.routing import index_key, sharing_in, site_in
from controller.domain.checks.check import READ_AT_MOST, Answer, Check, CheckResult, check_answer
from controller.domain.checks.folder_redirect import REDIRECTS, folder_of
from controller.domain.checks.page_load import PageLoad
from controller.domain.checks.site_check import SiteCheck
from controller.domain.checks.verification import AnyCheck
from controller.domain.components.site.hashes import REVISIONS, Sharing
from controller.domain.components.site.index import INDEX_BYTES, SiteIndex, parse_index
from controller.domain.components.site.routing import RoutingTable, route
from controller.errors import NoAnswerError, NotFoundError

SHOWN = 3
ORIGIN = "https://staged"
"""Stands for the address that the staged revision does not have yet."""
KNOWN_HEADERS = {"content-type", "cache-control"}
"""The headers of an answer that come from the object; CloudFront adds the others, which are checked from outside."""


class SiteChecks:
    """Tests one revision. `name` is the component's name, for the results."""

    def __init__(self, files: SiteFiles, name: str, revision: str, fallback: str) -> None:
        self._files, self._name = files, name
        self._revision, self._fallback = revision, fallback

    def run(self, checks: Sequence[AnyCheck]) -> Sequence[CheckResult]:
        """Check by listings alone that all files are there, then make every check against the objects."""
        label = f"files of {self._name}"
        try:
            data, metadata = self._files.read(index_key(self._revision), INDEX_BYTES)
        except NotFoundError:
            return [CheckResult(label, False, f"revision {self._revision} has no index, so it is not complete")]
        sharing = sharing_in(metadata)
        site = {self._revision: site_in(metadata, self._fallback)}
        table = RoutingTable(self._revision, hashed={self._revision: sharing}, sites=site)
        index = parse_index(data)
        shared = {path for path in index.files if sharing.has(path)}
        return [self._check_files(label, index, sharing), *self._run_checks(checks, table, shared)]

    def _check_files(self, label: str, index: SiteIndex, sharing: Sharing) -> CheckResult:
        there = self._files.of_revision(self._revision, sharing, index.files)
        wanted = {sharing.key(path, self._revision): file.size for path, file in index.files.items()}
        missing = sorted(key for key, size in wanted.items() if not _is_there(there, key, size))
        said = {"files": index.files, "not_found_handling": index.not_found_handling}
        added = added_keys(self._files, self._revision, said, sharing)
        missing += sorted(key for key in added if key not in there)
        if not missing:
            return CheckResult(label, True, f"all {len(wanted)} files are there")
        shown = ", ".join(missing[:SHOWN])
        return CheckResult(label, False, f"{len(missing)} of {len(wanted)} files are missing or cut short: {shown}")

    def _run_checks(
        self, checks: Sequence[AnyCheck], table: RoutingTable, shared: Collection[str]
    ) -> Iterator[CheckResult]:
        for check in checks:
            if isinstance(check, SiteCheck):
                load = PageLoad(lambda url: self._ask_own(url.removeprefix(ORIGIN), table, shared))
                yield load.run(check, ORIGIN + check.path)
            elif isinstance(check, Check):
                answer = self._answer(check, table)
                known = KNOWN_HEADERS | answer.headers.keys()
                header = {name: value for name, value in check.header.items() if name in known}
                yield check_answer(check.model_copy(update={"header": header}), answer)

    def _answer(self, check: Check, table: RoutingTable) -> Answer:
        if check.method not in {"GET", "HEAD"}:
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED, b"a site answers only GET and HEAD")
        answer = self._ask(check.path, table)
        if check.status not in REDIRECTS and (folder := folder_of(ORIGIN + check.path, answer)):
            answer = self._ask(folder.removeprefix(ORIGIN), table)
        return answer if check.method == "GET" else replace(answer, body=b"")

    def _ask_own(self, path: str, table: RoutingTable, shared: Collection[str]) -> Answer:
        """The answer for what a page needs.

        A hashed file that only an earlier release has is there for now, and goes when that release is pruned: then the
        page would be broken without any release.
        """
        answer = self._ask(path, table)
        key = route(path, self._revision, table).key
        if answer.status == HTTPStatus.OK and not key.startswith(REVISIONS) and key not in shared:
            raise NoAnswerError("it is a file of an earlier release, which this release does not have")
        return answer

    def _ask(self, path: str, table: RoutingTable) -> Answer:
        found = route(path, self._revision, table)
        if found.location:
            return Answer(found.status, headers={"location": found.location})
        if not found.key:
            return Answer(HTTPStatus.BAD_REQUEST)
        return self._files.answer(found.key, READ_AT_MOST, path.partition("#")[0].partition("?")[2])


def _is_there(there: Mapping[str, Stored], key: str, size: int) -> bool:
    return key in there and there[key].size == size
