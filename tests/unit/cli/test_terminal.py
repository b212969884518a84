"""What is printed controls no terminal, whoever wrote it, and JSON says all the same."""

import io
import json

import pytest
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from selfright.cli.terminal import Terminal, _SafeConsole, as_json, plain
from selfright.wording import Commands

HOSTILE = "a\u009b31mb\u202etxt.exe\x1b]0;x\x07c\u2028d\U000e0001"


def test_json_has_only_what_can_be_seen() -> None:
    """It is read by people, too; whoever parses it gets every character."""
    text = as_json({"reason": HOSTILE, "ü": ["🎒"]}, indent=2)
    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == {"reason": HOSTILE, "ü": ["🎒"]}
    assert "ü" in text


def test_json_is_printed_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Whether it is one document, or one of many lines."""
    terminal = Terminal()
    terminal.as_json = True
    terminal.result(HOSTILE, {"name": HOSTILE})
    terminal.line(Text(HOSTILE), {"name": HOSTILE})
    said = capsys.readouterr().out
    assert said.replace("\n", "").isprintable()
    assert json.loads(said.splitlines()[-1]) == {"name": HOSTILE}


def test_a_line_and_a_page_have_only_what_can_be_seen(capsys: pytest.CaptureFixture[str]) -> None:
    """Escapes stand for the rest, wherever it is in the page."""
    Terminal().line(Text(HOSTILE), {})
    table = Table()
    table.add_column(HOSTILE)
    table.add_row(HOSTILE)
    for text in (capsys.readouterr().out, plain(table), plain(Panel(Text(HOSTILE))), plain(HOSTILE)):
        assert text.replace("\n", "").isprintable()
        assert "\\x9b31m" in text


def test_a_terminal_gets_no_control_characters_but_its_own() -> None:
    """Colours stay."""
    stream = io.StringIO()
    console = _SafeConsole(file=stream, force_terminal=True, color_system="standard", width=200)
    console.print(Text(HOSTILE, "red"))
    text = stream.getvalue()
    assert text.startswith("\x1b[31m")
    assert text.count("\x1b") == 2
    assert not {"\u009b", "\u202e", "\x07", "\u2028"} & set(text)


def test_commands_in_an_error_can_be_copied(capsys: pytest.CaptureFixture[str]) -> None:
    """Wherever they stand in it: in what was wrong, and in what to do next."""
    terminal = Terminal()
    terminal.commands = Commands("./dev", local=True)
    terminal.error("It is held: `selfright unlock shop/prod`.", "See `selfright status shop/prod`.")
    said = capsys.readouterr().err
    assert "`./dev unlock shop/prod --local`" in said
    assert "`./dev status shop/prod --local`" in said
