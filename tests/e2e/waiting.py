"""Waiting for what other processes do: polling until a deadline, never sleeping for luck."""

import subprocess
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from urllib3.exceptions import HTTPError

from selfright.local import emulator
from selfright.local_state import LocalAws

PATIENCE = 150.0
"""Seconds; on an idle machine, nothing takes more than a third of it."""


def until(what: str, condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:  # noqa: ANN401 - what it finds
    """Poll until the condition is true; fails with a message that names `what`."""
    found: list[Any] = []

    def is_true() -> bool:
        with suppress(HTTPError):  # A visitor who got no answer in time is no reason not to ask again.
            found.append(condition())
            return bool(found[-1])
        return False

    assert emulator._until(is_true, seconds), f"waited {seconds} s: {what}"
    return found[-1]


def until_updated(functions: Any, name: str) -> None:  # noqa: ANN401 - boto3's client
    """Wait until the last change of a Lambda function is in effect."""

    def is_updated() -> bool:
        return bool(functions.get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "Successful")

    until(f"{name} is updated", is_updated)


def members(running: LocalAws) -> list[int]:
    """The living processes of a local AWS, Lambda workers included."""
    listed = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    groups = {running.supervisor, *running.groups}
    return [int(pid) for pid, group, state in rows if int(group) in groups and not state.startswith("Z")]
