"""Reads all that a zip holds, as whoever unpacks it would."""

from typing import BinaryIO

from controller.domain.zip.directory import Directory
from controller.domain.zip.entry import Inflating, Window, data_start
from controller.errors import InvalidBundleError

_CHUNK = 1024 * 1024


def check_contents(file: BinaryIO, directory: Directory, what: str) -> None:
    """Raise `InvalidBundleError` for the first entry of `what` that is not as the directory says.

    Everything is unpacked, piece by piece, and nothing is kept.
    """
    ends = [*(entry.offset for entry in directory.entries[1:]), directory.end]
    for entry, end in zip(directory.entries, ends, strict=True):
        try:
            contents = Inflating(Window(file, data_start(file, entry, end), entry.packed), entry)
            while contents.read(_CHUNK):
                pass
        except InvalidBundleError as error:
            raise InvalidBundleError(f"{what}: {error.reason}", error.next_step) from error
