import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.components.site.index import (
    FileEntry,
    parse_index,
    render_index,
)
from controller.errors import InvalidBundleError
from tests.builders import SITE_FILES, an_index

FILE = FileEntry("a" * 64, "b" * 32, 3)
PATHS = st.from_regex(r"[a-zåø0-9]{1,5}(/[a-z0-9]{1,5}){0,2}\.html", fullmatch=True)


def test_an_index_lists_every_file() -> None:
    """It has path, digests and size of each."""
    index = parse_index(an_index(SITE_FILES))
    page = SITE_FILES["index.html"]
    assert index.files.keys() == SITE_FILES.keys()
    assert index.files["index.html"].sha256 == hashlib.sha256(page).hexdigest()
    assert index.files["index.html"].size == len(page)


def test_the_revision_is_the_beginning_of_the_digest() -> None:
    """The index's digest covers the whole site."""
    data = an_index(SITE_FILES)
    assert parse_index(data).digest == hashlib.sha256(data).hexdigest()
    assert parse_index(data).revision() == hashlib.sha256(data).hexdigest()[:16]


def test_an_applications_page_makes_another_revision() -> None:
    """It is copied into the revision, so the revision depends on what the environment calls it."""
    index = parse_index(an_index(SITE_FILES))
    assert index.revision("/index.html") == index.revision("") == index.revision()
    assert len({index.revision(), index.revision("/app.html"), index.revision("/b.html")}) == 3


def test_the_folders_of_hashed_files_make_another_revision() -> None:
    """They decide where its files lie, and how long browsers keep them."""
    said = parse_index(render_index({}, hashed=["b/**", "a/**"]))
    assert said.hashed == ("a/**", "b/**")
    assert (
        len(
            {
                said.revision(),
                parse_index(render_index({}, hashed=[])).revision(),
                parse_index(render_index({})).revision(),
            }
        )
        == 3
    )


@given(st.dictionaries(PATHS, st.just(FILE)))
def test_an_index_is_read_as_it_was_written(files: dict[str, FileEntry]) -> None:
    """A rendered index is parsed to the same files, in any order."""
    data = render_index(files)
    assert parse_index(data).files == files
    assert render_index(dict(reversed(files.items()))) == data


def with_file(path: str = "index.html", **changes: object) -> bytes:
    """An index of one file."""
    return json.dumps({"files": {path: {"sha256": "a" * 64, "md5": "b" * 32, "size": 3} | changes}}).encode()


INVALID = {
    "no JSON": (b"<html>", "not valid JSON"),
    "no UTF-8": (b"\xff\xfe{}", "not valid JSON"),
    "nested": (b"[" * 100_000, "not valid JSON"),
    "list": (b"[]", "not of the form"),
    "other keys": (b'{"files": {}, "more": 1}', "says more than"),
    "odd hashed": (b'{"files": {}, "hashed": ["b/**", "a/**"]}', "says more than"),
    "no hashed": (b'{"files": {}, "hashed": "a/**"}', "says more than"),
    "another handling": (b'{"files": {}, "not_found_handling": "x"}', "says more than"),
    "own page": (with_file(".404.html"), "keeps its own there"),
    "no mapping": (b'{"files": []}', "not of the form"),
    "twice": (b'{"files": {"a": 1, "a": 2}}', "appears twice"),
    "unsafe path": (with_file("../x"), "leads out of the bundle"),
    "lone surrogate": (b'{"files": {"\\ud800": {}}}', "invisible characters"),
    "own index": (with_file(".index.json"), "keeps its own there"),
    "no file": (b'{"files": {"a": null}}', "lacks a valid sha256"),
    "bad sha256": (with_file(sha256="A" * 64), "lacks a valid sha256"),
    "bad md5": (with_file(md5=3), "lacks a valid sha256"),
    "bad size": (with_file(size=-1), "lacks a valid sha256"),
    "boolean size": (with_file(size=True), "lacks a valid sha256"),
    "another key": (with_file(more=1), "lacks a valid sha256"),
}


@pytest.mark.parametrize(("data", "reason"), INVALID.values(), ids=INVALID)
def test_an_invalid_index_is_refused(data: bytes, reason: str) -> None:
    """An index is exactly as `selfright bundle` writes it."""
    with pytest.raises(InvalidBundleError, match=reason):
        parse_index(data)


def test_what_shows_what_is_missing_makes_another_revision() -> None:
    """The same files that are served otherwise are staged anew; unsaid, the index is as it was."""
    said, unsaid = parse_index(render_index({}, "404-page")), parse_index(render_index({}))
    assert (said.not_found_handling, unsaid.not_found_handling) == ("404-page", None)
    assert said.revision() != unsaid.revision()
    assert unsaid.text == b'{"files":{}}'
