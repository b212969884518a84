"""A file that notes what is read of it."""

import io
from collections import Counter


class Noting(io.BytesIO):
    """Notes every read as its first byte and the byte after its last."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.spans: list[tuple[int, int]] = []

    def read(self, size: int | None = -1) -> bytes:
        """As any file, and noted."""
        start = self.tell()
        data = super().read(size)
        self.spans.append((start, start + len(data)))
        return data

    def times(self, start: int, end: int) -> int:
        """How often the most wanted of these bytes was read."""
        counts = Counter(at for first, last in self.spans for at in range(max(first, start), min(last, end)))
        return max(counts.values(), default=0)
