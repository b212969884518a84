"""Reports a full disk as such."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from controller.errors import SelfrightError


class DiskFullError(SelfrightError):
    """The disk has no room for a file."""


@contextmanager
def disk() -> Iterator[None]:
    """Turn a full disk into an error with a next step. Raises `DiskFullError`."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        message = f"The disk is full (writing {error.filename}). Free some room, then run the same command again."
        raise DiskFullError(message) from error
