"""The output: results to stdout, progress to stderr, and colours and pictures only on a terminal."""

import json
import sys
from functools import cached_property
from typing import TextIO

import click
from rich.console import Console, Group, RenderableType
from rich.text import Text

from selfright.wording import Commands, clean

UNWRAPPED = 2000
"""The width if it is not a terminal, so that long lines are not broken."""


class Terminal:
    """The two streams. `as_json` makes the result one JSON document; `commands` writes commands to copy."""

    def __init__(self) -> None:
        self.as_json = False
        self.commands = Commands()

    @cached_property
    def out(self) -> Console:
        """For results."""
        return _console(sys.stdout)

    @cached_property
    def err(self) -> Console:
        """For progress, questions and errors."""
        return _console(sys.stderr)

    def result(self, shown: RenderableType, document: object) -> None:
        """Print the result of the command: the document with `--output json`, else what is shown."""
        if self.as_json:
            click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        else:
            write(self.out, shown)

    def line(self, shown: Text, document: object) -> None:
        """Print one of many results at once: a line of JSON with `--output json`, else what is shown."""
        if self.as_json:
            click.echo(json.dumps(document, ensure_ascii=False))
        elif self.out.is_terminal:
            self.out.print(shown, soft_wrap=True)
        else:
            click.echo(shown.plain.rstrip())

    def note(self, text: RenderableType) -> None:
        """Print a note to stderr."""
        write(self.err, text)

    def error(self, message: str, next_step: str) -> None:
        """Print an error and the next step; with `--output json`, also as a document on stdout."""
        # A tool's last lines stay lines; indented, so that none of them can pass for one of ours.
        said, step = "\n  ".join(clean(line) for line in message.splitlines()), self.commands.within(clean(next_step))
        self.note(Text.assemble(("Error: ", "bold red"), said))
        if step:
            self.note(Text.assemble(("Next:  ", "bold"), step))
        if self.as_json:
            click.echo(json.dumps({"error": {"message": said, "next_step": step}}, indent=2, ensure_ascii=False))


def write(console: Console, shown: RenderableType) -> None:
    """Print; without trailing blanks when it goes to a file or a pipe."""
    if console.is_terminal:
        console.print(shown)
        return
    console.file.write(plain(shown))
    console.file.flush()


def plain(shown: RenderableType) -> str:
    """The same as plain text, with one line per line."""
    console = Console(
        width=UNWRAPPED, force_terminal=False, color_system=None, highlight=False, markup=False, emoji=False
    )
    with console.capture() as capture:
        console.print(Group(shown))
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def _console(stream: TextIO) -> Console:
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")  # A terminal without a character shows a question mark instead.
    terminal = stream.isatty()
    # Only the stream decides whether it is a terminal; variables such as FORCE_COLOR do not.
    return Console(
        file=stream,
        force_terminal=terminal,
        width=None if terminal else UNWRAPPED,
        highlight=False,
        markup=False,
        emoji=False,
    )
