"""Runs a reader of untrusted input in a child process, which ends when it takes too long or too much memory.

A limit inside a reader cannot hold: a regular expression or a recursion is not interrupted. The child is a fork, so it
begins within milliseconds, with everything that is imported. It reads, sends what it found through a pipe, and ends.
Where a process cannot fork, the reader runs in place.
"""
# ruff: noqa: S301 - what is unpickled was made by our own code in our own child

import os
import pickle
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from math import ceil
from typing import NoReturn, TypeVar, cast

SECONDS = 20.0
"""The time limit of one reader, and of its processor time as well."""
MEMORY = 128 * 1024 * 1024
"""What one reader may take in bytes, beyond what the process had before."""
_CHUNK = 1024 * 1024
_SHOWN = 1000
"""Characters of the text of an error that cannot be sent."""
_STANDARD, _DESCRIPTORS = 3, 4096
"""The first descriptor after the standard ones, and more than a process of ours ever has (Lambda allows 1,024)."""
_READ, _FAILED, _UNTOLD, _TOO_LARGE = b"+", b"-", b"?", b"!"
"""How an answer begins: with a result, an error, an error that cannot be sent as it is, or for want of memory."""
_WHOLE = b"."
"""How an answer ends if the child could send all of it; without that, the child was ended."""

Read = TypeVar("Read")
_ends: ContextVar[float | None] = ContextVar("ends", default=None)


class TooCostlyError(Exception):
    """A reader was ended; the text says of what it wanted too much, as the end of a sentence."""


class ReaderError(Exception):
    """A reader raised an error that cannot leave its process; the text says which, and what it said."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Limit the time of all readers together that run in this block."""
    token = _ends.set(min(time.monotonic() + seconds, _ends.get() or float("inf")))
    try:
        yield
    finally:
        _ends.reset(token)


def confined(read: Callable[[], Read], seconds: float = SECONDS, memory: int = MEMORY) -> Read:
    """The result of `read`, or its error; raises `TooCostlyError` when it was ended.

    `read` changes nothing, and waits for nothing: it works on what is in memory. Its result and errors can be pickled.
    """
    if not hasattr(os, "fork"):
        return read()
    ends = _ends.get()
    left = seconds if ends is None else max(0.0, min(seconds, ends - time.monotonic()))
    source, sink = os.pipe()
    child = os.fork()
    if not child:
        os.close(source)
        _serve(read, sink, ceil(seconds), memory)
    os.close(sink)
    try:
        answer = _receive(source, time.monotonic() + left)
    finally:
        os.close(source)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if answer is None:
        raise TooCostlyError(f"takes more than {left:.0f} seconds")
    if not answer.endswith(_WHOLE):
        raise TooCostlyError(_why_ended(status, left, memory))
    if answer.startswith(_TOO_LARGE):
        raise TooCostlyError(_too_large(memory))
    found = pickle.loads(memoryview(answer)[1:])
    if answer.startswith(_UNTOLD):
        raise ReaderError(found)
    if answer.startswith(_FAILED):
        raise found
    return cast("Read", found)


def _receive(source: int, ends: float) -> bytearray | None:
    """What the child sends until it closes the pipe; None when the time is over."""
    answer = bytearray()
    while True:
        ready, _, _ = select.select([source], [], [], max(0.0, ends - time.monotonic()))
        if not ready:
            return None
        data = os.read(source, _CHUNK)
        if not data:
            return answer
        answer += data


def _why_ended(status: int, left: float, memory: int) -> str:
    """Why the child ended without an answer; only the system or a fault of an interpreter does that."""
    ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if ended_by == signal.SIGXCPU:
        return f"takes more than {left:.0f} seconds"
    if ended_by == signal.SIGKILL:  # Not by us, since nobody waited too long: the machine has no memory left.
        return _too_large(memory)
    return f"ends its reader ({signal.Signals(ended_by).name if ended_by else 'without an answer'})"


def _too_large(memory: int) -> str:
    return f"takes more than {memory // 1024 // 1024} MB of memory"


def _serve(read: Callable[[], object], sink: int, seconds: int, memory: int) -> NoReturn:
    """Read and answer, in the child, which never returns."""
    try:
        _close_all_but(sink)
        answer = _answer(read, seconds, memory) + _WHOLE
        while answer:
            answer = answer[os.write(sink, answer) :]
    finally:
        os._exit(0)  # No handler of the parent's may run here.


def _close_all_but(sink: int) -> None:
    """Close what the child has from its parent: another reader's pipe, kept open here, would seem to have no end."""
    os.closerange(_STANDARD, sink)
    os.closerange(sink + 1, _DESCRIPTORS)


def _answer(read: Callable[[], object], seconds: int, memory: int) -> bytes:
    try:
        _limit(seconds, memory)
        return _READ + pickle.dumps(read())
    except MemoryError:
        return _TOO_LARGE
    except Exception as error:  # noqa: BLE001 - it is raised in the parent
        return _told(error)


def _told(error: Exception) -> bytes:
    """The error, if the parent can read it; else what is known of it."""
    try:
        sent = pickle.dumps(error)
        pickle.loads(sent)  # An error that wants several arguments is written, and cannot be read.
    except MemoryError:
        return _TOO_LARGE
    except Exception:  # noqa: BLE001 - whatever its own code raises
        return _UNTOLD + pickle.dumps(f"{type(error).__name__}: {_text_of(error)}")
    return _FAILED + sent


def _text_of(error: Exception) -> str:
    try:
        return str(error)[:_SHOWN]
    except Exception:  # noqa: BLE001 - whatever its own code raises
        return "(it says nothing)"


def _limit(seconds: int, memory: int) -> None:
    import resource  # noqa: PLC0415 - not on Windows

    spent = resource.getrusage(resource.RUSAGE_SELF)
    used = ceil(spent.ru_utime + spent.ru_stime)  # A child's own time begins at zero.
    limits = {resource.RLIMIT_CPU: (used + seconds, used + seconds + 1), resource.RLIMIT_CORE: (0, 0)}
    if sys.platform == "linux":  # macOS does not hold this limit.
        limits[resource.RLIMIT_AS] = (_address_space() + memory,) * 2
    for which, (soft, hard) in limits.items():
        most = resource.getrlimit(which)[1]  # The process may be limited already, and nobody may raise that.
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)  # noqa: PLW2901
        resource.setrlimit(which, (soft, hard))


def _address_space() -> int:
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - as few imports as possible
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
