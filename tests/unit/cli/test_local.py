"""The commands of the local AWS, where there is only the installed package."""

from pathlib import Path

import pytest

from selfright.cli.commands.local import check_repository
from selfright.errors import AdviceError


@pytest.mark.parametrize("command", ["up", "demo"])
def test_without_a_clone_the_next_step_is_to_clone(tmp_path: Path, command: str) -> None:
    """An installed package has neither the emulator's lock file nor SmartPack."""
    with pytest.raises(AdviceError, match="needs a clone") as caught:
        check_repository(command, tmp_path)
    assert caught.value.next_step == f"Clone the repository, then run there: ./dev {command}"


def test_a_clone_has_everything() -> None:
    """This is one."""
    check_repository("demo")
