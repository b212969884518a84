"""Reads untrusted text with limits on time and memory that hold whatever its reader does."""

from collections.abc import Callable
from typing import TypeVar

from controller.confinement import TooCostlyError, confined
from controller.errors import InvalidBundleError

SMALL = 16 * 1024
"""Bytes that are read at once: of so few, no reader makes much, and a process of their own would cost more."""

Read = TypeVar("Read")


def read_within_limits(read: Callable[[], Read], size: int, file: str) -> Read:
    """The result of `read` for a file of this size in bytes; raises `InvalidBundleError`, also when it costs too much.

    See `confinement.confined` for what `read` may do.
    """
    if size <= SMALL:
        return read()
    try:
        return confined(read)
    except TooCostlyError as error:
        raise InvalidBundleError(f"{file} cannot be read: that {error}", f"Make {file} smaller or simpler.") from error
