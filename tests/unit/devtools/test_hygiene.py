"""What may not be committed, and is told with the file and what to do."""

from pathlib import Path

import pytest

from devtools.hygiene import LARGEST, main, wrong


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (b"one\r\ntwo\r\n", "Windows line ends"),
        (b"one", "exactly one line end"),
        (b"one\n\n", "exactly one line end"),
        (b"one\ntwo \n", "line 2 ends with white space"),
        (b"<" * 7 + b" ours\n", "merge conflict"),
        (b"x" * LARGEST + b"\n", "more than 1024 KiB"),
    ],
)
def test_what_is_wrong_is_found(content: bytes, finding: str) -> None:
    """Each kind of dirt has a finding of its own, and no other."""
    (found,) = wrong(content)
    assert finding in found


@pytest.mark.parametrize("content", [b"", b"one\n", b"\0 binary \r\n \n\n"])
def test_what_is_clean_has_no_finding(content: bytes) -> None:
    """Empty, plain and binary files are fine."""
    assert not list(wrong(content))


def test_findings_name_the_file_and_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code stops the commit."""
    clean, dirty = tmp_path / "clean", tmp_path / "dirty"
    clean.write_bytes(b"one\n")
    dirty.write_bytes(b"one")
    assert main([str(clean)]) == 0
    assert main([str(clean), str(dirty)]) == 1
    assert str(dirty) in capsys.readouterr().out
