"""What a kind may read of an open bundle, and what it expects of its files."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol, TypeVar

from controller.domain.zip.directory import AGAIN
from controller.errors import InvalidBundleError

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class ExpectedContents:
    """What a file of the bundle must be: its digests in hex, and its size limit in bytes if its kind sets one.

    `unpacked_at_most` is the limit in bytes of what a gzip file unpacks to (0: it is not unpacked).
    """

    sha256: str
    md5: str = ""
    at_most: int = 0
    unpacked_at_most: int = 0


class Contents(Protocol):
    """The files of an open bundle, by their paths. Not for several threads at a time."""

    @property
    def names(self) -> tuple[str, ...]:
        """The paths of all files, in their order in the bundle, in which they are quickest to read."""

    def has(self, name: str) -> bool:
        """Whether there is such a file."""

    def size(self, name: str) -> int:
        """The size of a file in bytes, unpacked; raises `InvalidBundleError` when it is missing."""

    def is_stored(self, name: str) -> bool:
        """Whether the bundle holds a file uncompressed: then its stream is seekable."""

    def read(self, name: str, at_most: int) -> bytes:
        """A whole file of at most `at_most` bytes; raises `InvalidBundleError` when it is missing or larger."""

    def stream(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file's contents, to be read in order; the stream of a stored file is seekable as well."""

    def once(self, name: str, read: Callable[[], Read]) -> Read:
        """The result of `read` for the file or folder `name`; only the first call calls it."""


def require(bundle: Contents, name: str, where: str) -> None:
    """Raise `InvalidBundleError` when a file is missing; `where` says what names it, for the message."""
    if not bundle.has(name):
        raise InvalidBundleError(f"'{name}', which {where} names, is not in the bundle", AGAIN)


def differs(name: str, what: str) -> InvalidBundleError:
    """The error for a file that does not match what another file of the bundle says of it."""
    return InvalidBundleError(f"'{name}' does not match {what}: it was changed after the bundle was made", AGAIN)
