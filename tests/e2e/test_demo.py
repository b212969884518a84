"""`./dev demo` as a newcomer runs it: three releases in a separate process, and nothing stays behind."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selfright.local import emulator
from selfright.local.place import LocalFolder, is_free
from selfright.local_state import LocalAws
from tests.e2e.programs import program
from tests.e2e.waiting import members, until

COMMAND = [sys.executable, "-m", "selfright", "demo", "--output", "json"]
KEPT = {"emulator.log", "edge.log", "gateway.log", "supervisor.log", "running.lock", "targets.json"}


class Demo:
    """A demo under way, with its local AWS in a folder and its temporary files in another."""

    def __init__(self, place: LocalFolder, temporary: Path, process: "subprocess.Popen[str]") -> None:
        self.place, self.temporary, self.process = place, temporary, process

    def running(self) -> LocalAws:
        """The local AWS that it has started."""
        found: LocalAws = until("the demo's local AWS is up", self.place.read)
        return found

    def ended(self) -> tuple[int, dict[str, Any], str]:
        """Wait until it is over; returns its exit code, its document, and its progress."""
        document, said = self.process.communicate(timeout=500)
        return self.process.returncode, json.loads(document or "{}"), said

    def assert_nothing_is_left(self, running: LocalAws) -> None:
        """No process, no port, no file but its logs."""
        assert until("its processes have ended", lambda: members(running) == [], 5)
        assert is_free(running.port)
        assert is_free(running.edge_port)
        assert {file.name for file in self.place.folder.iterdir()} <= KEPT
        assert list(self.temporary.iterdir()) == []


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo that has just begun; it does not outlive the test."""
    place, temporary = LocalFolder(tmp_path / "local"), tmp_path / "tmp"
    temporary.mkdir()
    variables = {
        "SELFRIGHT_LOCAL_FOLDER": str(place.folder),
        "TMPDIR": str(temporary),
        "NODE_DISABLE_COMPILE_CACHE": "1",  # npm leaves it among the temporary files; the first run here needs npm
    }
    try:
        with program(COMMAND, variables) as process:
            yield Demo(place, temporary, process)
    finally:
        emulator.stop(place.folder)


@pytest.mark.timeout(600)
def test_three_releases_of_which_the_bad_one_is_rolled_back(demo: Demo) -> None:
    """Exit code 0, and visitors of API and site get the versions in the document, after each of the three."""
    running = demo.running()
    code, document, said = demo.ended()
    assert code == 0, said
    assert document["as_planned"]
    seen = [(one["release"], one["phase"], one["live_api"], one["live_site"]) for one in document["releases"]]
    assert seen == [
        ("1.0.0", "SUCCEEDED", ["1.0.0"], ["1.0.0"]),
        ("1.1.0", "SUCCEEDED", ["1.1.0"], ["1.1.0"]),
        ("1.2.0", "ROLLED_BACK", ["1.1.0"], ["1.1.0"]),
    ]
    good, bad = document["releases"][1:]
    assert good["requests_served"] > 0
    assert 0 < bad["requests_failed"] <= bad["requests_served"] < good["requests_served"]
    assert bad["stopped_by"] in {"alarm", "judge"}
    assert bad["seconds_from_trip_to_restored"] is not None
    assert "10 % of the visitors get version 1.1.0" in said
    assert "could not be built" not in said
    assert "\x1b" not in said, "colours, where there is no terminal"
    demo.assert_nothing_is_left(running)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_interrupted_leaves_nothing_behind(demo: Demo, number: signal.Signals) -> None:
    """Ctrl-C or SIGTERM ends everything that it has started."""
    running = demo.running()
    demo.process.send_signal(number)
    code, document, said = demo.ended()
    assert (code, document) == (130, {}), said
    assert "Traceback" not in said
    demo.assert_nothing_is_left(running)
