"""Programs that a test starts and interrupts."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from selfright.layout import ROOT


@contextmanager
def program(command: Sequence[str], variables: Mapping[str, str] | None = None) -> Iterator["subprocess.Popen[str]"]:
    """Run a command in the repository; it never outlives the block.

    `variables` are added to the environment.
    """
    with hearing_sigint():
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@contextmanager
def hearing_sigint() -> Iterator[None]:
    """Make programs that are started within the block receive Ctrl-C.

    A shell starts background programs with SIGINT ignored, and children inherit that, unless their parent has a
    handler when they start.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
