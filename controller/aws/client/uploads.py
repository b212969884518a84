"""Several uploads at once, with bounded memory: the reader waits while too many bytes are being uploaded."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Condition
from types import TracebackType
from typing import Self

CONNECTIONS = 8
"""More connections were slower when measured, because one process has one interpreter."""
BUDGET = 48 * 1024 * 1024
"""Bytes that may be in upload at the same time."""


class Uploads:
    """A pool of uploads: `with Uploads() as uploads: uploads.add(put, size)`.

    The next `add` or the end of the block raises the first failure; uploads that have not begun then are dropped.
    """

    def __init__(self, connections: int = CONNECTIONS, budget: int = BUDGET) -> None:
        self._pool = ThreadPoolExecutor(connections)
        self._budget, self._uploading = budget, 0
        self._changed = Condition()
        self._failure: BaseException | None = None

    def add(self, upload: Callable[[], None], size: int) -> None:
        """Start an upload of `size` bytes as soon as there is room for it (always when nothing else is uploading)."""
        with self._changed:
            self._changed.wait_for(lambda: not self._uploading or self._uploading + size <= self._budget)
            if self._failure:
                raise self._failure
            self._uploading += size
        self._pool.submit(upload).add_done_callback(lambda future: self._done(future, size))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=error is not None or self._failure is not None)
        if error is None and self._failure:
            raise self._failure

    def _done(self, future: "Future[None]", size: int) -> None:
        with self._changed:
            self._uploading -= size
            if not future.cancelled():
                self._failure = self._failure or future.exception()
            self._changed.notify_all()
