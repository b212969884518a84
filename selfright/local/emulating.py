"""Starts the emulator, with two things as AWS does them.

    PYTHON selfright/local/emulating.py

Zips unpack as Lambda unpacks them: links stay links, and modes stay. The emulator unpacks a function's code with
`zipfile`, which writes the target of a link into a plain file and forgets modes.

A range of a version of an object is that range. The emulator sends the whole object.

This runs in the emulator's own Python: the standard library and the emulator only.
"""

import os
import runpy
import stat
import sys
import zipfile
from collections.abc import Callable
from http import HTTPStatus
from importlib import import_module
from typing import Any

Response = tuple[int, dict[str, str], Any]


class UnpackingZip(zipfile.ZipFile):
    """A zip file whose links become links, and whose files get their modes."""

    def extract(self, member: Any, path: Any = None, pwd: bytes | None = None) -> str:  # noqa: ANN401 - as zipfile has it
        """Unpack one entry; returns its place."""
        info = member if isinstance(member, zipfile.ZipInfo) else self.getinfo(member)
        mode = info.external_attr >> 16
        if not stat.S_ISLNK(mode):
            place = super().extract(info, path, pwd)
            if stat.S_ISREG(mode):
                os.chmod(place, stat.S_IMODE(mode))  # noqa: PTH101 - a path as zipfile has it
            return place
        place = os.path.join(path or os.curdir, info.filename)  # noqa: PTH118
        os.makedirs(os.path.dirname(place), exist_ok=True)  # noqa: PTH103, PTH120
        os.symlink(self.read(info, pwd).decode(), place)  # noqa: PTH211
        return place

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:  # noqa: ANN401
        """Unpack all entries, the links last: nothing is written through one."""
        infos = [one if isinstance(one, zipfile.ZipInfo) else self.getinfo(one) for one in members or self.namelist()]
        for info in sorted(infos, key=lambda one: stat.S_ISLNK(one.external_attr >> 16)):
            self.extract(info, path, pwd)


def ranged(
    get: Callable[..., Response], parse: Callable[[str, int], tuple[int, int] | None]
) -> Callable[..., Response]:
    """The emulator's `get` of an object, with an answer of the range that its headers ask for.

    `parse` gives the first and the last byte of a range for a length; None when there is no such range.
    """

    def get_range(bucket: str, key: str, headers: dict[str, str], query: dict[str, Any] | None = None) -> Response:
        status, sent, body = get(bucket, key, headers, query)
        asked = headers.get("range", "")
        found = parse(asked, len(body)) if asked and status == HTTPStatus.OK else None
        if not found:
            return status, sent, body
        first, last = found
        part = body[first : last + 1]
        # A checksum is that of the whole object, which S3 does not send with a part.
        kept = {name: value for name, value in sent.items() if not name.lower().startswith("x-amz-checksum")}
        told = {"Content-Length": str(len(part)), "Content-Range": f"bytes {first}-{last}/{len(body)}"}
        return HTTPStatus.PARTIAL_CONTENT.value, {**kept, **told}, part

    return get_range


def main() -> None:
    """Run the emulator in this process."""
    del sys.path[0]  # this file's folder, whose modules are none of the emulator's
    zipfile.ZipFile = UnpackingZip  # type: ignore[misc]
    objects: Any = import_module("ministack.services.s3")
    objects._get_object = ranged(objects._get_object, objects._parse_range)  # noqa: SLF001 - it has no other door
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
