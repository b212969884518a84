"""Reads all that a zip holds, as whoever unpacks it would."""

from typing import BinaryIO

from controller.domain.zip.directory import Directory
from controller.domain.zip.entry import contents
from controller.errors import InvalidBundleError

_CHUNK = 1024 * 1024


def check_contents(file: BinaryIO, directory: Directory, what: str) -> None:
    """Raise `InvalidBundleError` for the first entry of `what` that is not as the directory says.

    Everything is unpacked, piece by piece, and nothing is kept.
    """
    for entry, end in directory.placed:
        try:
            unpacked = contents(file, entry, end)
            while unpacked.read(_CHUNK):
                pass
        except InvalidBundleError as error:
            raise InvalidBundleError(f"{what}: {error.reason}", error.next_step) from error
