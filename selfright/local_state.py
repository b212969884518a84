"""The recorded state of a local AWS, by which commands find it: where it listens, and whether it is running.

The supervisor, the emulator and the edge hold `running.lock` as long as any of them runs. The kernel releases it when
they end, even after a crash, so a state file whose lock is free is stale. Process ids alone could not show that.
"""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from selfright.layout import HOME

FOLDER = Path(os.environ.get("SELFRIGHT_LOCAL_FOLDER") or HOME / "local")
"""One local AWS per folder: with another folder in this variable, a second one can run beside the first."""
LOG_LINES = 15
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
REGION = "us-east-1"


@dataclass(frozen=True)
class LocalAws:
    """A local AWS that was started: where it listens and its processes."""

    port: int
    edge_port: int
    supervisor: int
    """Process id; a SIGTERM to it stops everything."""
    groups: tuple[int, ...]
    """Process groups of the emulator, the edge and perhaps the gateway, needed if the supervisor has ended."""
    weather: str = "still"
    """The climate that it plays: `still`, `aws` or `storm`."""
    factor: float = 1
    """What all times of AWS are multiplied by; without a meaning when it is still."""

    @property
    def endpoint(self) -> str:
        """The value for `AWS_ENDPOINT_URL`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def edge_url(self) -> str:
        """The address at which visitors reach the application."""
        return f"http://127.0.0.1:{self.edge_port}"

    def variables(self) -> dict[str, str]:
        """Environment variables that make any AWS tool use this local AWS."""
        return {"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, **CREDENTIALS}


@dataclass(frozen=True)
class LocalState:
    """The state of the local AWS in a folder; local AWSs in different folders are independent."""

    folder: Path = FOLDER

    @property
    def lock(self) -> Path:
        """The file that is locked while any process of this local AWS runs."""
        return self.folder / "running.lock"

    @property
    def state(self) -> Path:
        """The state, as JSON."""
        return self.folder / "state.json"

    @property
    def log(self) -> Path:
        """The emulator's output."""
        return self.folder / "emulator.log"

    def read(self) -> LocalAws | None:
        """The content of the state file, even if that local AWS has ended."""
        try:
            content = json.loads(self.state.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return LocalAws(**{**content, "groups": tuple(content["groups"])})

    def write(self, running: LocalAws) -> None:
        """Save the state atomically."""
        replace(self.state, json.dumps(asdict(running)))

    def alive(self) -> bool:
        """Whether any process of this local AWS runs."""
        try:
            with self.lock.open("r") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False


def in_use(state: LocalState | None = None, variables: Mapping[str, str] = os.environ) -> LocalAws | None:
    """The local AWS that this process uses; None if it uses another AWS."""
    running = (state or LocalState()).read()
    endpoint = variables.get("AWS_ENDPOINT_URL", "").rstrip("/")
    return running if running and running.endpoint == endpoint else None


def tail(log: Path, lines: int = LOG_LINES) -> str:
    """The end of a log file, indented."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return "  (no log)"
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (the log is empty)"


def replace(file: Path, text: str) -> None:
    """Write a file so that a reader sees either the old or the new content."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_text(text)
    draft.replace(file)
