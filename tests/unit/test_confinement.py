"""A reader of untrusted input is ended from outside when it takes too much, whatever it is doing."""

import os
import re
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from controller.confinement import ReaderError, TooCostlyError, confined, within
from controller.errors import InvalidBundleError

SLOW = re.compile(r"(a|a)*b")


def test_a_reader_returns_what_it_found() -> None:
    """It does so from a process of its own."""
    assert confined(lambda: {"pid": [os.getpid()]})["pid"] != [os.getpid()]


def test_a_large_result_comes_whole() -> None:
    """It is larger than what a pipe holds."""
    assert confined(lambda: b"x" * 5_000_000) == b"x" * 5_000_000


def test_an_error_comes_with_its_advice() -> None:
    """The reader's own errors are raised as if it had run here."""

    def refuse() -> None:
        raise InvalidBundleError("It is wrong.", "Correct it.")

    with pytest.raises(InvalidBundleError, match="It is wrong") as caught:
        confined(refuse)
    assert caught.value.next_step == "Correct it."


class TwoArgumentsError(Exception):
    """An error that pickle writes and cannot read."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what} at {where}")


class HoldsAFileError(Exception):
    """An error that pickle cannot write."""

    def __init__(self) -> None:
        super().__init__("it holds a file")
        self.file = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - the process ends


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (partial(TwoArgumentsError, "a tag", "line 3"), "TwoArgumentsError: a tag at line 3"),
        (HoldsAFileError, "HoldsAFileError: it holds a file"),
    ],
)
def test_an_error_that_cannot_be_sent_is_named(error: Callable[[], Exception], said: str) -> None:
    """Its reader took neither too long nor too much memory."""

    def fail() -> None:
        raise error()

    with pytest.raises(ReaderError) as caught:
        confined(fail)
    assert str(caught.value) == said


def test_an_interpreter_that_breaks_is_not_called_out_of_memory() -> None:
    """The signal that ended it is said."""
    with pytest.raises(TooCostlyError, match=r"^ends its reader \(SIGSEGV\)$"):
        confined(lambda: os.kill(os.getpid(), signal.SIGSEGV))


def test_an_end_without_an_answer_is_said() -> None:
    """Whatever ended it, nothing was read."""
    with pytest.raises(TooCostlyError, match="ends its reader"):
        confined(lambda: os._exit(3))


def test_what_the_machine_ends_is_too_large() -> None:
    """The kernel kills the process that takes the last memory, before any limit of ours."""
    with pytest.raises(TooCostlyError, match="takes more than 128 MB of memory"):
        confined(lambda: os.kill(os.getpid(), signal.SIGKILL))


def test_a_reader_within_a_reader_is_confined_too() -> None:
    """The second process may not raise what the first one is limited to, and need not."""
    assert confined(lambda: confined(lambda: 2, seconds=30, memory=2**40)) == 2


def test_what_is_never_interrupted_from_inside_is_ended() -> None:
    """A regular expression knows no signals and no threads."""
    started = time.monotonic()
    with pytest.raises(TooCostlyError, match="takes more than 1 seconds"):
        confined(lambda: SLOW.match("a" * 40), seconds=1)
    assert time.monotonic() - started < 10


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux limits a process's memory")
def test_what_takes_too_much_memory_is_ended() -> None:
    """The limit is beyond what the process had before."""
    with pytest.raises(TooCostlyError, match="takes more than 64 MB of memory"):
        confined(lambda: len([bytes(1_000_000) for _ in range(1000)]), memory=64 * 1024 * 1024)
    assert confined(lambda: len([bytes(1_000_000) for _ in range(20)]), memory=64 * 1024 * 1024) == 20


def test_what_nests_too_deep_is_an_error_not_a_crash() -> None:
    """Neither the reader's stack nor that of the way back ends the process."""

    def nested() -> list[object]:
        found: list[object] = []
        for _ in range(100_000):
            found = [found]
        return found

    with pytest.raises(RecursionError):
        confined(nested)


def test_several_readers_have_a_time_together() -> None:
    """A bundle of many costly files does not take that of the whole state."""
    with within(0.2):
        with pytest.raises(TooCostlyError):
            confined(lambda: time.sleep(5))
        with pytest.raises(TooCostlyError, match="takes more than 0 seconds"):
            confined(lambda: time.sleep(5))
    assert confined(lambda: 1) == 1


def test_threads_may_read_at_once() -> None:
    """Each has its own child."""
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda one: confined(lambda: one * 2), range(20))) == list(range(0, 40, 2))


def test_a_child_keeps_nothing_of_its_parent_open() -> None:
    """Another reader that waits for the end of its pipe would wait for this child."""
    source, sink = os.pipe()
    try:
        assert confined(lambda: _is_open(sink)) is False
    finally:
        os.close(source)
        os.close(sink)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
