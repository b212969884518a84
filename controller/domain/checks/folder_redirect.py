"""`/docs` leads to `/docs/`, the page in that folder: a check of the one looks at the other, as a browser does."""

from urllib.parse import urljoin, urlsplit

from controller.domain.checks.check import Answer

REDIRECTS = frozenset({301, 302, 303, 307, 308})


def folder_of(url: str, answer: Answer) -> str:
    """The address of the folder when the answer leads from `url` to the same with a slash; else ""."""
    if answer.status not in REDIRECTS:
        return ""
    to = urljoin(url, answer.headers.get("location", ""))
    was, will_be = urlsplit(url), urlsplit(to)
    same = was._replace(path=f"{was.path}/", fragment="") == will_be._replace(fragment="")
    return to if same and not was.path.endswith("/") else ""
