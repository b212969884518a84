"""What `selfright prove` asks and refuses before it makes anything; the tests of the local AWS run it whole."""

from pathlib import Path

import boto3
import pytest

from selfright.proving.catalogue import FACTS
from tests.cli_world import CliWorld

ROOT = Path(__file__).parents[3]


def stacks() -> list[str]:
    """The stacks of the account."""
    return [one["StackName"] for one in boto3.client("cloudformation").describe_stacks()["Stacks"]]


def test_without_a_terminal_it_needs_a_yes(world: CliWorld) -> None:
    """Nobody could answer, so nothing is made."""
    result = world.run("prove")
    assert result.exit_code == 1
    assert "nobody can be asked here" in result.stderr
    assert "Add --yes" in result.stderr
    assert stacks() == []


def test_without_a_controller_it_says_so(account: None) -> None:
    """Before anything is asked or made."""
    result = CliWorld().run("prove", "--yes")
    assert result.exit_code == 1
    assert "There is no Selfright controller" in result.stderr
    assert stacks() == []


def test_cleaning_where_nothing_is_left_finds_nothing(world: CliWorld) -> None:
    """It can be run at any time, and touches nothing of other applications."""
    result = world.run("prove", "--clean")
    assert result.exit_code == 0
    assert "Nothing was left." in result.stdout


def test_an_unknown_fact_is_wrong_usage(world: CliWorld) -> None:
    """The message lists the facts."""
    result = world.run("prove", "--only", "moon_phase")
    assert result.exit_code == 2
    assert "alias_lateness" in result.stderr


@pytest.mark.parametrize("name", [fact.name for fact in FACTS])
def test_every_fact_is_in_the_documentation(name: str) -> None:
    """By its name, or by that of its group."""
    page = (ROOT / "docs" / "prove.md").read_text()
    group = "read_after_write_…" if name.startswith("read_after_write_") else name
    assert f"`{group}`" in page
