"""The commands of the local AWS, where there is only the installed package."""

from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from selfright.cli import main
from selfright.cli.commands import local
from selfright.cli.commands.local import check_repository


@pytest.mark.parametrize("command", ["up", "demo"])
def test_without_a_clone_the_next_step_is_to_clone(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed package has neither the emulator's lock file nor SmartPack."""
    monkeypatch.setattr(local, "check_repository", partial(check_repository, repository=tmp_path))
    result = CliRunner().invoke(main, [command])
    assert result.exit_code == 1
    assert f"`{command}` needs a clone of Selfright's repository" in result.stderr
    assert f"Clone the repository, then run there: ./dev {command}" in result.stderr


def test_a_clone_has_everything() -> None:
    """This is one."""
    check_repository("demo")


@pytest.mark.parametrize("command", ["up", "demo"])
@pytest.mark.parametrize("words", [["--weather", "rain"], ["--weather", "aws", "--factor", "0"], ["--factor", "2"]])
def test_a_weather_that_nobody_can_play_is_wrong_usage(command: str, words: list[str]) -> None:
    """Nothing is started."""
    result = CliRunner().invoke(main, [command, *words])
    assert result.exit_code == 2
    assert f"Invalid value for '{words[-2]}'" in result.stderr
