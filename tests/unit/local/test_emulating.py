"""The local AWS unpacks a function's code as Lambda does, and sends ranges of objects as S3 does."""

import io
import stat
import zipfile
from pathlib import Path

from selfright.local.emulating import Response, UnpackingZip, ranged
from tests.builders import Item, a_zip

ITEMS = {
    "bootstrap": Item(b"#!/bin/sh", mode=0o100755),
    "again": Item(b"lib", mode=0o120777),
    "lib/app.py": Item(b"x", mode=0o100644),
    "lib/": Item(mode=0o040755),
    "plugins/": Item(mode=0o040755),
    "windows.py": Item(b"y", mode=0, system=0),
}


def test_links_modes_and_empty_folders_are_unpacked(tmp_path: Path) -> None:
    """What the standard library's reader forgets is there."""
    with UnpackingZip(io.BytesIO(a_zip(ITEMS))) as archive:
        archive.extractall(tmp_path)
    assert (tmp_path / "again/app.py").read_bytes() == b"x"
    assert (tmp_path / "again").is_symlink()
    assert stat.S_IMODE((tmp_path / "bootstrap").stat().st_mode) == 0o755
    assert (tmp_path / "plugins").is_dir()
    assert (tmp_path / "windows.py").read_bytes() == b"y"


def test_it_is_a_zip_file_like_any_other(tmp_path: Path) -> None:
    """The emulator also names single entries, and writes zips."""
    data = io.BytesIO()
    with UnpackingZip(data, "w") as archive:
        archive.writestr("a/b", "x")
    with UnpackingZip(data) as archive:
        assert isinstance(archive, zipfile.ZipFile)
        assert archive.extract("a/b", tmp_path) == str(tmp_path / "a/b")
        archive.extractall(tmp_path / "all", ["a/b"])
    assert (tmp_path / "all/a/b").read_text() == "x"


def _get(_bucket: str, key: str, _headers: dict[str, str], _query: dict[str, object] | None) -> Response:
    return (200, {"ETag": "x", "x-amz-checksum-sha256": "y"}, b"0123456789") if key == "a" else (404, {}, b"none")


def _parse(asked: str, length: int) -> tuple[int, int] | None:
    first, last = map(int, asked.removeprefix("bytes=").split("-"))
    return (first, min(last, length - 1)) if first < length else None


def test_a_range_of_a_version_is_that_range() -> None:
    """The answer has the part, says which it is, and has no checksum of the whole."""
    told = {"ETag": "x", "Content-Length": "8", "Content-Range": "bytes 2-9/10"}
    assert ranged(_get, _parse)("b", "a", {"range": "bytes=2-99"}, {}) == (206, told, b"23456789")


def test_other_answers_stay_what_they_are() -> None:
    """Without a range, with one that there is not, and when the object is missing."""
    for key, headers in (("a", {}), ("a", {"range": "bytes=10-12"}), ("b", {"range": "bytes=0-1"})):
        assert ranged(_get, _parse)("b", key, headers) == _get("b", key, {}, None)
