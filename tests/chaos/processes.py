"""The processes that run the controller's functions: found, killed, frozen and thawed. Linux only, by /proc."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

OURS = "ministack-lambda-selfright-"
"""The emulator unpacks the controller's functions in folders of such names, and runs each process there."""


@dataclass
class Workers:
    """The worker processes of one emulator, which leads their process group."""

    group: int
    frozen: set[int] = field(default_factory=set)

    def all(self) -> list[int]:
        """The processes that run the controller's functions, in a steady order."""
        return sorted(pid for pid in self._group() if OURS in _folder(pid))

    def with_port(self, port: int) -> int | None:
        """The worker that has a connection from this local port, or None."""
        inode = _inode(port)
        return next((pid for pid in self.all() if inode and inode in _sockets(pid)), None)

    def used(self, pid: int) -> int:
        """The processor time that it has used, in the kernel's ticks; 0 when it has ended."""
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0
        return int(fields[11]) + int(fields[12])

    def kill(self, pid: int) -> None:
        """Kill it as the kernel does when memory is short."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def freeze(self, pid: int) -> None:
        """Let it stand still, as a machine does that has no processor for it."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            self.frozen.add(pid)

    def thaw(self) -> None:
        """Let all that stand still continue."""
        while self.frozen:
            with suppress(ProcessLookupError):
                os.kill(self.frozen.pop(), signal.SIGCONT)

    def _group(self) -> Iterator[int]:
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError):
                if os.getpgid(int(folder.name)) == self.group:
                    yield int(folder.name)


def _folder(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return ""


def _sockets(pid: int) -> set[str]:
    found = set()
    with suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.add(str(descriptor.readlink()))
    return found


def _inode(port: int) -> str:
    """The kernel's name of the socket that is bound to this local port, as a process's descriptor shows it."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, inode = line.split()[1], line.split()[9]
        if int(local.rpartition(":")[2], 16) == port and inode != "0":
            return f"socket:[{inode}]"
    return ""
