"""The local AWS unpacks a function's code as Lambda does."""

import io
import stat
import zipfile
from pathlib import Path

from selfright.local.unzipping import UnpackingZip
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
