"""Waiting for what other processes do: looking again and again until a deadline, never sleeping for luck."""

import subprocess
from collections.abc import Callable
from typing import Any

from selfright.local import emulator
from selfright.local_state import LocalAws

PATIENCE = 75.0
"""Seconds; on a machine that has nothing else to do, nothing takes more than a fifth of it."""


def until(what: str, condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:  # noqa: ANN401 - what it finds
    """Look until the condition gives something; fails with `what` was waited for."""
    found: list[Any] = []
    assert emulator._until(lambda: bool(found.append(condition()) or found[-1]), seconds), f"waited {seconds} s: {what}"
    return found[-1]


def members(running: LocalAws) -> list[int]:
    """The living processes of a local AWS, Lambda workers included."""
    listed = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    groups = {running.supervisor, *running.groups}
    return [int(pid) for pid, group, state in rows if int(group) in groups and not state.startswith("Z")]
