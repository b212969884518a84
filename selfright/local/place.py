"""The folder of one local AWS, its account, and the ports of this machine."""

import socket
from dataclasses import dataclass
from pathlib import Path

from selfright.local_state import LocalState

ACCOUNT = "000000000000"


@dataclass(frozen=True)
class LocalFolder(LocalState):
    """The files of one local AWS: its state, which other processes read, and its private files."""

    @property
    def edge_log(self) -> Path:
        """The edge's output."""
        return self.folder / "edge.log"

    @property
    def gateway_log(self) -> Path:
        """The output of the gateway, which a local AWS with weather has."""
        return self.folder / "gateway.log"

    @property
    def targets(self) -> Path:
        """Where the edge leads to, as JSON (see selfright.local.edge.targets)."""
        return self.folder / "targets.json"

    @property
    def work(self) -> Path:
        """The emulator's temporary files; removed when it stops."""
        return self.folder / "work"


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nothing listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
