"""Checks whitespace, line ends, merge markers and sizes of files before a commit: a hook of pre-commit."""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

LARGEST = 1024 * 1024
"""Bytes. Nothing that belongs in the repository is larger."""
_MARKER = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)


def main(names: Sequence[str]) -> int:
    """Print the findings in these files, one a line; returns the exit code."""
    findings = [f"{name}: {finding}" for name in names for finding in wrong(Path(name).read_bytes())]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


def wrong(content: bytes) -> Iterator[str]:
    """The findings in a file's content, each with what to do. For a binary file, only the size is checked."""
    if len(content) > LARGEST:
        yield f"has more than {LARGEST // 1024} KiB; keep large files out of the repository"
    if b"\0" in content:
        return
    if b"\r\n" in content:
        yield "has Windows line ends; save it with LF"
    if content and (not content.endswith(b"\n") or content.endswith(b"\n\n")):
        yield "does not end with exactly one line end"
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.rstrip(b"\r").endswith((b" ", b"\t")):
            yield f"line {number} ends with white space; remove it"
    if _MARKER.search(content):
        yield "has the marker of a merge conflict; resolve it"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
