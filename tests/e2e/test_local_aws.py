"""The local AWS as a process: it starts, is found, reports why it died, and leaves nothing behind."""

import io
import os
import resource
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from selfright.account.account import use_local
from selfright.errors import AdviceError
from selfright.local import emulator
from selfright.local.errors import AlreadyUpError, EmulatorDiedError, PortTakenError, SetupMissingError
from selfright.local.place import LocalFolder
from selfright.local_state import LocalAws
from tests.e2e.programs import program

HANGS = 60
"""Seconds after which a process counts as hanging."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for one local AWS, which is stopped in the end even if the test fails."""
    yield tmp_path / "local"
    emulator.stop(tmp_path / "local")


def until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Wait for a condition of another process."""
    return emulator._until(condition, seconds)


def members(running: LocalAws) -> list[int]:
    """The living processes of a local AWS, Lambda workers included."""
    listed = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    groups = {running.supervisor, *running.groups}
    return [int(pid) for pid, group, state in rows if int(group) in groups and not state.startswith("Z")]


def start_a_worker(running: LocalAws) -> None:
    """Make the emulator start the process of a Lambda."""
    client = boto3.client("lambda", endpoint_url=running.endpoint, region_name="us-east-1")
    code = "def handler(event, context):\n    return 'hello'\n"
    client.create_function(
        FunctionName="worker",
        Runtime="python3.13",
        Role="arn:aws:iam::000000000000:role/any",
        Handler="app.handler",
        Code={"ZipFile": zip_of("app.py", code)},
    )
    assert client.invoke(FunctionName="worker")["Payload"].read() == b'"hello"'
    client.close()


def zip_of(name: str, text: str) -> bytes:
    """A zip with one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator takes any."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def test_it_starts_is_found_and_stops_without_a_trace(folder: Path) -> None:
    """After a stop no process and no temporary file of it is left, not even a Lambda's."""
    running = emulator.start(folder)
    start_a_worker(running)
    assert emulator.find(folder) == running
    assert len(members(running)) >= 4
    assert emulator.stop(folder)
    assert until(lambda: members(running) == [])
    assert emulator.find(folder) is None
    assert not LocalFolder(folder).work.exists()


def test_stopping_what_does_not_run_says_so(folder: Path) -> None:
    """A second stop is no error."""
    assert not emulator.stop(folder)


def test_a_second_start_is_refused(folder: Path) -> None:
    """A folder has one local AWS, and the first one continues."""
    running = emulator.start(folder)
    with pytest.raises(AlreadyUpError, match=r"\./dev down"):
        emulator.start(folder)
    assert emulator.find(folder) == running


def test_a_taken_port_is_named(folder: Path) -> None:
    """The error names the port that is taken."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=str(port)):
            emulator.start(folder, ports=emulator.Ports(emulator=port))


def test_a_missing_set_up_names_the_command(folder: Path, tmp_path: Path) -> None:
    """Without the emulator's environment, the error says how to make it."""
    with pytest.raises(SetupMissingError, match=r"\./dev up"):
        emulator.start(folder, python=tmp_path / "none")


def test_an_emulator_that_cannot_start_shows_its_log(folder: Path) -> None:
    """A Python without the emulator ends at once; the error has its output, and nothing is left."""
    with pytest.raises(EmulatorDiedError, match="No module named"):
        emulator.start(folder, python=Path(sys.executable))
    assert not LocalFolder(folder).alive()


def test_a_killed_emulator_is_noticed_and_its_workers_end(folder: Path) -> None:
    """When the emulator dies, everything else ends, too, and the next command reports it."""
    running = emulator.start(folder)
    start_a_worker(running)
    os.kill(running.groups[0], signal.SIGKILL)
    assert until(lambda: not LocalFolder(folder).alive())
    assert until(lambda: members(running) == [])
    with pytest.raises(AdviceError, match="has died"):
        use_local(LocalFolder(folder), {})
    emulator.start(folder)


def test_a_killed_supervisor_takes_everything_with_it(folder: Path) -> None:
    """Even kill -9 of the supervisor leaves no process, and no file after a stop."""
    running = emulator.start(folder)
    start_a_worker(running)
    os.kill(running.supervisor, signal.SIGKILL)
    assert until(lambda: not LocalFolder(folder).alive())
    emulator.stop(folder)
    assert until(lambda: members(running) == [])
    assert not LocalFolder(folder).work.exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_an_attached_one_ends_with_its_parent(folder: Path, number: signal.Signals) -> None:
    """The local AWS ends with the program that started it, however that ends."""
    script = f"""
import time
from pathlib import Path
from selfright.account.account import use_local
from selfright.errors import AdviceError
from selfright.local import emulator
with emulator.session(Path({str(folder)!r})):
    print("up", flush=True)
    time.sleep(600)
"""
    command = [sys.executable, "-c", script]
    with program(command) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == "up\n"
        running = emulator.find(folder)
        assert running
        parent.send_signal(number)
        parent.communicate(timeout=HANGS)
    assert until(lambda: not LocalFolder(folder).alive())
    assert until(lambda: members(running) == [])


def test_it_starts_and_stops_within_seconds(folder: Path) -> None:
    """Its own processor time is measured, so that a busy machine does not matter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    emulator.start(folder)
    emulator.stop(folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 10
