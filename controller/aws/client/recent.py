"""What several callers ask of AWS at the same moment is asked once.

API Gateway answers ten requests a second to a whole account: a release of thirty functions behind one API would ask for
that API a hundred times, and be refused.
"""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar, cast

from controller import clock
from controller.errors import SelfrightError

Answer = TypeVar("Answer")
KEPT = 5.0
"""Seconds for which an answer is given again: what was changed before that is seen."""


class Recent:
    """Answers of AWS that were read just now. A failure is shared only with those who waited for it."""

    def __init__(self, now: Callable[[], float] = clock.monotonic) -> None:
        """`now` gives seconds."""
        self._now, self._lock = now, Lock()
        self._readings: dict[Hashable, _Reading] = {}

    def of(self, what: Hashable, read: Callable[[], Answer]) -> Answer:
        """What `read` says, or what it said a few seconds ago to another caller who asked for the same."""
        asked = self._now()
        with self._lock:
            reading = self._readings.setdefault(what, _Reading())
        with reading.lock:
            if reading.at < (asked if reading.trouble else asked - KEPT):
                reading.read(read)
                reading.at = self._now()
            if reading.trouble:
                raise reading.trouble
            return cast("Answer", reading.answer)


class _Reading:
    def __init__(self) -> None:
        self.lock, self.at = Lock(), float("-inf")
        self.answer: Any = None
        self.trouble: SelfrightError | None = None

    def read(self, read: Callable[[], object]) -> None:
        self.answer, self.trouble = None, None
        try:
            self.answer = read()
        except SelfrightError as error:
            self.trouble = error
