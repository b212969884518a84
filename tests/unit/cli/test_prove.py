"""What `selfright prove` asks and refuses before it makes anything; the tests of the local AWS run it whole."""

import json
from pathlib import Path

import boto3
import pytest

from selfright.proving.catalogue import FACTS
from selfright.proving.facts import image
from selfright.proving.releases.acts import RELEASES
from selfright.proving.remaking.acts import NAME
from selfright.proving.remaking.keeping import PLACE
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


def test_where_an_application_is_registered_the_controller_stays(world: CliWorld) -> None:
    """It is refused before anything is asked or made."""
    result = world.run("prove", "--remake-controller", "--yes")
    assert result.exit_code == 1
    assert "The controller serves smartpack/prod" in result.stderr
    assert stacks() == []


@pytest.mark.parametrize("words", [("--only", "controller_remade"), ("--remake-controller", "--only", "quotas")])
def test_naming_the_fact_is_asking_for_it(world: CliWorld, words: tuple[str, ...]) -> None:
    """Beside its flag, which adds it to what was chosen."""
    assert "The controller serves smartpack/prod" in world.run("prove", "--yes", *words).stderr


@pytest.mark.parametrize("words", [("--image",), ()])
def test_the_images_fact_may_be_named(world: CliWorld, words: tuple[str, ...]) -> None:
    """With its flag or without."""
    result = world.run("prove", "--only", "image_rights", *words)
    assert result.exit_code == 1
    assert "nobody can be asked here" in result.stderr


def test_what_only_reads_is_neither_asked_for_nor_needs_a_sandbox(world: CliWorld, tmp_path: Path) -> None:
    """Its report is written as ever."""
    result = world.run("prove", "--only", "quotas", "--report", str(tmp_path))
    assert result.exit_code == 0, result.stderr
    (document,) = [json.loads(file.read_text()) for file in tmp_path.glob("*.json")]
    assert [fact["name"] for fact in document["facts"]] == ["quotas"]
    assert stacks() == []


def test_a_controller_that_is_being_made_anew_is_left_alone(world: CliWorld) -> None:
    """The message says what finishes that, if no other run does."""
    boto3.client("ssm").put_parameter(Name=PLACE, Value="bucket", Type="String")
    result = world.run("prove", "--yes")
    assert result.exit_code == 1
    assert "being made anew by another run" in result.stderr
    assert "prove --clean" in result.stderr
    assert stacks() == []


def test_an_unknown_fact_is_wrong_usage(world: CliWorld) -> None:
    """The message lists the facts."""
    result = world.run("prove", "--only", "moon_phase")
    assert result.exit_code == 2
    assert "alias_lateness" in result.stderr


@pytest.mark.parametrize("name", [*(fact.name for fact in FACTS), image.FACT.name, RELEASES, NAME])
def test_every_fact_is_in_the_documentation(name: str) -> None:
    """By its name, or by that of its group."""
    page = (ROOT / "docs" / "prove.md").read_text()
    group = "read_after_write_…" if name.startswith("read_after_write_") else name
    assert f"`{group}`" in page
