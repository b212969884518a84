"""Start, find and stop the local AWS."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from selfright.disk import disk
from selfright.layout import HOME, ROOT
from selfright.local.errors import AlreadyUpError, EmulatorDiedError, LocalAwsError, PortTakenError, SetupMissingError
from selfright.local.local_weather import LocalWeather
from selfright.local.place import LocalFolder, free_port, is_free
from selfright.local.supervisor import end_group
from selfright.local_state import FOLDER, LocalAws, tail

PYTHON = HOME / "ministack" / "bin" / "python"
START_SECONDS = 30.0
STOP_SECONDS = 8.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Ports:
    """Ports of 127.0.0.1; None means any that is free."""

    emulator: int | None = None
    edge: int | None = None


def start(  # noqa: PLR0913 - all of them have defaults
    folder: Path = FOLDER,
    *,
    ports: Ports | None = None,
    weather: LocalWeather | None = None,
    attached: bool = False,
    python: Path = PYTHON,
    deadline: float = START_SECONDS,
) -> LocalAws:
    """Start emulator and edge and wait until both answer.

    Args:
        folder: where state, logs and temporary files go; one local AWS per folder.
        ports: which ports of 127.0.0.1 to use; free ones by default.
        weather: how late everything is; still by default.
        attached: whether it ends with the calling process, however that ends.
        python: an interpreter that has ministack.
        deadline: seconds in which it must answer.

    Raises:
        LocalAwsError: AlreadyUpError, PortTakenError, SetupMissingError or EmulatorDiedError.
        DiskFullError: there is no room for its files.
    """
    place = LocalFolder(folder)
    wished = ports or Ports()
    _check_possible(place, python, wished)
    with disk():
        folder.mkdir(parents=True, exist_ok=True)
        for old in (place.state, place.targets, place.log, place.edge_log, place.gateway_log):
            old.unlink(missing_ok=True)
        supervisor = _launch(place, wished, python, weather or LocalWeather(), attached=attached)
    try:
        return _wait_until_up(place, supervisor, deadline)
    except BaseException:
        supervisor.terminate()
        supervisor.wait(STOP_SECONDS)
        place.state.unlink(missing_ok=True)
        raise


def stop(folder: Path = FOLDER, *, deadline: float = STOP_SECONDS) -> bool:
    """Stop everything and leave no process behind; False if nothing ran."""
    place = LocalFolder(folder)
    running, alive = place.read(), place.alive()
    if running and alive:
        with suppress(ProcessLookupError):
            os.kill(running.supervisor, signal.SIGTERM)
        if not _until(lambda: not place.alive(), deadline):
            _end_all(running)
            _until(lambda: not place.alive(), deadline)
    shutil.rmtree(place.work, ignore_errors=True)  # A killed supervisor could not do this.
    place.state.unlink(missing_ok=True)
    _forget(running)
    return alive


def find(folder: Path = FOLDER) -> LocalAws | None:
    """The local AWS that runs in this folder, or None."""
    place = LocalFolder(folder)
    return place.read() if place.alive() else None


@contextmanager
def session(folder: Path = FOLDER, weather: LocalWeather | None = None) -> Iterator[LocalAws]:
    """A local AWS for the time of a `with` block; it ends with the block and with this process."""
    running = start(folder, weather=weather, attached=True)
    try:
        yield running
    finally:
        stop(folder)


def healthy(url: str, seconds: float = 1.0) -> bool:
    """Whether a GET on this loopback address is answered with 200."""
    with suppress(OSError, urllib.error.URLError):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=seconds) as response:
            return bool(response.status == 200)  # noqa: PLR2004
    return False


def _check_possible(place: LocalFolder, python: Path, wished: Ports) -> None:
    if not python.exists():
        raise SetupMissingError(f"The local AWS is not set up ({python} is missing). Run: ./dev up")
    if place.alive():
        raise AlreadyUpError("The local AWS is already running. Use it, or stop it first: ./dev down")
    for port in (wished.emulator, wished.edge):
        if port is not None and not is_free(port):
            raise PortTakenError(f"Port {port} is taken by another program. Choose another one, or leave it out.")


def _launch(
    place: LocalFolder, wished: Ports, python: Path, weather: LocalWeather, *, attached: bool
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "selfright.local.supervisor"]
    ports = (wished.emulator or free_port(), wished.edge or free_port())
    arguments = [str(place.folder), *map(str, ports), str(python), *weather.words()]
    with (place.folder / "supervisor.log").open("wb") as log:
        return subprocess.Popen(
            [*command, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE if attached else subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_until_up(place: LocalFolder, supervisor: subprocess.Popen[bytes], deadline: float) -> LocalAws:
    up = _until(lambda: supervisor.poll() is not None or _answers(place), deadline)
    running = place.read()
    if up and running and supervisor.poll() is None:
        _KEPT[running.supervisor] = supervisor
        return running
    raise _why(place, "ended" if up else f"did not answer within {deadline:g} seconds")


_KEPT: dict[int, subprocess.Popen[bytes]] = {}
"""Keeps the stdin pipe of an attached supervisor open for as long as this process lives."""


def _forget(running: LocalAws | None) -> None:
    """Collect the supervisor's exit code if it was our child."""
    ours = _KEPT.pop(running.supervisor, None) if running else None
    if ours:
        ours.wait(STOP_SECONDS)
        if ours.stdin:
            ours.stdin.close()


def _answers(place: LocalFolder) -> bool:
    running = place.read()
    return bool(
        running and healthy(f"{running.endpoint}/_ministack/health") and healthy(f"{running.edge_url}/.selfright/edge")
    )


def _why(place: LocalFolder, what: str) -> LocalAwsError:
    logs = [place.log, place.edge_log, place.gateway_log, place.folder / "supervisor.log"]
    said = "\n".join(f"{log}:\n{tail(log)}" for log in logs if log.exists() and log.stat().st_size)
    if "No space left on device" in said:
        return EmulatorDiedError("The disk is full. Free some room, then start the local AWS again: ./dev up")
    if "already in use" in said or "Address already in use" in said:
        return PortTakenError("Another program has just taken the local AWS's port. Run the same command again.")
    return EmulatorDiedError(f"The local AWS {what} while it started. Its output:\n{said or '  (nothing)'}")


def _end_all(running: LocalAws) -> None:
    with suppress(ProcessLookupError):
        os.kill(running.supervisor, signal.SIGKILL)
    for group in running.groups:
        end_group(group)


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until the condition holds; False when it did not within the time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True
