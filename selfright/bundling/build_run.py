"""Runs a build tool without a shell or input, with a deadline, and keeps its last lines for errors."""

import os
import re
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Final

from controller.errors import InvalidBundleError

LONGEST_SECONDS: Final = 900.0
"""A build that takes longer hangs: for example, it asks a question that it gets no answer to."""
LAST_LINES = 15
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_NODE_PROGRAMS = {"node", "npm", "npx", "pnpm", "yarn"}


@dataclass(frozen=True)
class Finished:
    """How a command ended: its exit code (negative: a signal) and the last lines of its output."""

    code: int
    last_lines: str


Run = Callable[[Sequence[str], Path, Mapping[str, str]], Finished]
"""Runs a command in a folder with these environment variables besides our own. Raises `InvalidBundleError`."""


def run(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Finished:
    """Run a command to its end; all processes that it has started end with it."""
    started = subprocess.Popen(
        [_program(command[0], folder), *command[1:]],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
        text=True,
        errors="replace",
    )
    deadline = Timer(LONGEST_SECONDS, _end, [started.pid])
    deadline.start()
    with started as process:
        try:
            assert process.stdout  # noqa: S101 - it is a pipe
            lines = deque((_ESCAPES.sub("", line.rstrip()) for line in process.stdout), maxlen=LAST_LINES)
            return Finished(process.wait(), "\n".join(line for line in lines if line))
        finally:
            deadline.cancel()
            if process.poll() is None:
                _end(process.pid)


def _end(group: int) -> None:
    with suppress(ProcessLookupError):  # it may have just ended by itself
        os.killpg(group, signal.SIGKILL)


def _program(name: str, folder: Path) -> str:
    """The path of the program; a name with a `/` is relative to the folder."""
    if "/" in name:
        place = folder / name
        if place.is_file() and os.access(place, os.X_OK):
            return str(place.resolve())
        raise InvalidBundleError(f"'{place}' is not an executable program", "Correct `build` in release.yaml.")
    if found := shutil.which(name):
        return found
    raise InvalidBundleError(f"the build needs '{name}', which is not installed", _how_to_get(name))


def _how_to_get(name: str) -> str:
    without = "or build by yourself and add --no-build"
    if name in _NODE_PROGRAMS:
        return f"Install Node.js 22.12 or newer (https://nodejs.org), or use ./dev, which installs it; {without}."
    return f"Install it, or correct `build` in release.yaml; {without}."
