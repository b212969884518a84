"""Starts the emulator with zips that unpack as Lambda unpacks them: links stay links, and modes stay.

    PYTHON selfright/local/unzipping.py

The emulator unpacks a function's code with `zipfile`, which writes the target of a link into a plain file and forgets
modes. This runs in the emulator's own Python: standard library only.
"""

import os
import runpy
import stat
import sys
import zipfile
from typing import Any


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


def main() -> None:
    """Run the emulator in this process."""
    del sys.path[0]  # this file's folder, whose modules are none of the emulator's
    zipfile.ZipFile = UnpackingZip  # type: ignore[misc]
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
