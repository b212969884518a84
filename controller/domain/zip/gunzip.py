"""What a gzip file really unpacks to: its last bytes only say so, and not for several files in one."""

import zlib

from controller.errors import InvalidBundleError

_CHUNK = 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class Gunzip:
    """Unpacks a gzip file piece by piece, in bounded memory, and keeps nothing but its size.

    zlib compares each part's checksum and size with its trailer.
    """

    def __init__(self, what: str, at_most: int) -> None:
        """`what` names the file in messages; it may unpack to at most so many bytes."""
        self._what, self._at_most = what, at_most
        self._part: zlib._Decompress | None = None
        self.size = 0

    def feed(self, data: bytes) -> None:
        """Unpack the next bytes; raises `InvalidBundleError` when they are damaged or unpack to too much."""
        pending = False
        while data or pending:
            part = self._part or zlib.decompressobj(_GZIP)
            try:
                unpacked = part.decompress(data, _CHUNK)
            except zlib.error as error:
                reason = f"'{self._what}' is damaged: it is not what gzip makes, or has foreign data after its end"
                raise InvalidBundleError(reason, "Build the image again.") from error
            self.size += len(unpacked)
            if self.size > self._at_most:
                reason = f"'{self._what}' unpacks to more than {self._at_most / 1024**3:.1f} GiB"
                raise InvalidBundleError(reason, "Make it smaller, for example in stages.")
            self._part = None if part.eof else part
            data = part.unused_data if part.eof else part.unconsumed_tail
            pending = not part.eof and len(unpacked) == _CHUNK

    def finish(self) -> int:
        """The unpacked size in bytes; raises `InvalidBundleError` when the file has no end."""
        if self._part is not None:
            raise InvalidBundleError(f"'{self._what}' is cut off", "Build the image again.")
        return self.size
