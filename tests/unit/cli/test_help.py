import re

import click
import pytest
from click.testing import CliRunner

from selfright.cli import COMMANDS, main

OURS = [name for name, place in COMMANDS.items() if place.endswith(":command")]


def help_of(*words: str) -> str:
    """A help page."""
    result = CliRunner().invoke(main, [*words, "--help"])
    assert result.exit_code == 0
    return result.stdout


def test_the_first_page_names_every_command_and_the_exit_codes() -> None:
    """A newcomer finds everything from here."""
    page = help_of()
    assert [line.split()[0] for line in page.split("Commands:\n")[1].split("\n\n")[0].splitlines()] == list(COMMANDS)
    assert "Exit codes: 0" in page


@pytest.mark.parametrize("name", OURS)
def test_every_page_has_examples_and_the_common_options(name: str) -> None:
    """Examples are for this command, and every command can print JSON."""
    page = help_of(name)
    examples = page.split("Examples:\n")[1].splitlines()
    assert examples
    assert all(example.startswith(f"  selfright {name}") for example in examples)
    assert "--output [text|json]" in page
    assert "--local" in page


@pytest.mark.parametrize("name", OURS)
def test_every_option_of_an_example_exists(name: str) -> None:
    """What is shown can be copied."""
    page = help_of(name)
    described, examples = page.split("Examples:\n")
    for option in re.findall(r" (--?[a-z][a-z-]*)", examples):
        assert re.search(rf"{option}\b", described), option


@pytest.mark.parametrize("name", COMMANDS)
def test_a_short_help_is_not_cut(name: str) -> None:
    """The list of commands reads as sentences."""
    command = main.get_command(click.Context(main), name)
    assert command
    assert command.get_short_help_str(limit=55).endswith(".")
    assert "..." not in command.get_short_help_str(limit=55)


def test_an_unknown_command_is_wrong_usage() -> None:
    """Exit code 2, as for every wrong usage."""
    assert CliRunner().invoke(main, ["deploy"]).exit_code == 2


def test_the_version_is_known_without_an_installation() -> None:
    """From a checkout it comes from pyproject.toml."""
    assert re.fullmatch(r"selfright \d+\.\d+\.\d+\n", CliRunner().invoke(main, ["--version"]).stdout)


def test_a_wrapper_is_named_in_the_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where people type `./dev`, the examples do too."""
    monkeypatch.setenv("SELFRIGHT_PROGRAM", "./dev")
    assert "  ./dev status\n" in help_of("status")
