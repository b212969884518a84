"""Ctrl-C, `kill` and a closed terminal: what was made is deleted first, and some work is never left half done."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from selfright.proving.scene import Stopped

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
INTERRUPTED = 130
STOPS = """\
Stopping. What this run has made is deleted first, which takes minutes. Ctrl-C once more ends it at once, and leaves the
rest to `selfright prove --clean`."""
LEFT = "Ended at once. Delete what is left: `selfright prove --clean`"
HELD = "Stopping as soon as the controller is there again: an account must not stay without it."


def undisturbed(say: Callable[[str], None]) -> Callable[[str], None]:
    """The same, but a terminal that was closed, or a word within a word, stops nothing."""

    def said(text: str) -> None:
        with suppress(OSError, RuntimeError):
            say(text)

    return said


class Interrupts:
    """Hears the signals of one run; of the process's main thread only."""

    def __init__(
        self, say: Callable[[str], None], stop: Callable[[], None], end: Callable[[int], object] = os._exit
    ) -> None:
        """`say` takes lines for the person, `stop` ends all waiting of the run, `end` ends the process at once."""
        self._say, self._stop, self._end = undisturbed(say), stop, end
        self._has_heard = self._deletes = self._holds = self._is_waiting = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear the signals during the block; when the run has been stopped, it ends with `KeyboardInterrupt`."""
        before = {name: signal.signal(getattr(signal, name), self.hear) for name in SIGNALS}
        try:
            yield
        except Stopped:
            raise KeyboardInterrupt from None
        finally:
            for name, handler in before.items():
                signal.signal(getattr(signal, name), handler)

    def deleting(self) -> None:
        """From now on what was made is being deleted: there is nothing else to stop."""
        self._deletes = True

    def hear(self, number: int, _: FrameType | None = None) -> None:
        """A signal: the first one is Ctrl-C, a second Ctrl-C ends the process at once.

        Other signals after the first change nothing: who closes a terminal often sends several. The run is stopped as
        well, because the exception may come where it is waited for others first, or where it is lost.
        """
        if self._holds:
            if not self._is_waiting:
                self._say(HELD)
            self._is_waiting = True
        elif not self._has_heard:
            self._has_heard = True
            self._say(STOPS)
            if not self._deletes:
                self._stop()
                raise KeyboardInterrupt
        elif number == signal.SIGINT:
            self._say(LEFT)
            self._end(INTERRUPTED)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold every signal back during the block; after it, the first of them is heard.

        A run that has been stopped does not begin it.
        """
        if self._has_heard:
            raise KeyboardInterrupt
        self._holds = True
        try:
            yield
        finally:
            self._holds = False
        if self._is_waiting:
            self.hear(signal.SIGTERM)
