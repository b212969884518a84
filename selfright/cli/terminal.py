"""The output: results to stdout, progress to stderr, and colours and pictures only on a terminal."""

import json
import sys
from collections.abc import Iterable
from functools import cached_property
from typing import TextIO

import click
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.segment import Segment
from rich.text import Text

from controller.domain.printable import printable
from selfright.wording import Commands

UNWRAPPED = 2000
"""The width if it is not a terminal, so that long lines are not broken."""
_HARMLESS = frozenset("\n\t\u00a0")
"""The ends of lines, tabs and a blank, which Python does not count as printable."""


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
            click.echo(as_json(self.commands.within_all(document), indent=2))
        else:
            write(self.out, shown)

    def line(self, shown: Text, document: object) -> None:
        """Print one of many results at once: a line of JSON with `--output json`, else what is shown."""
        if self.as_json:
            click.echo(as_json(document))
        elif self.out.is_terminal:
            self.out.print(shown, soft_wrap=True)
        else:
            click.echo(visible(shown.plain).rstrip())

    def note(self, text: RenderableType) -> None:
        """Print a note to stderr."""
        write(self.err, text)

    def error(self, message: str, next_step: str) -> None:
        """Print an error and the next step; with `--output json`, also as a document on stdout."""
        # A tool's last lines stay lines; indented, so that none of them can pass for one of ours.
        said = "\n  ".join(self.commands.said(line) for line in message.splitlines())
        step = self.commands.said(next_step)
        self.note(Text.assemble(("Error: ", "bold red"), said))
        if step:
            self.note(Text.assemble(("Next:  ", "bold"), step))
        if self.as_json:
            click.echo(as_json({"error": {"message": said, "next_step": step}}, indent=2))


def as_json(document: object, indent: int | None = None) -> str:
    """The document as JSON that can be read by people, too: characters that are invisible or control are escapes."""
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    return "".join(one if one.isprintable() or one in _HARMLESS else json.dumps(one)[1:-1] for one in text)


def visible(text: str) -> str:
    """The text with escapes instead of characters that are invisible or control, whatever came through until here."""
    if text.isprintable():
        return text
    return "".join(one if one in _HARMLESS else printable(one) for one in text)


class _SafeConsole(Console):
    """Prints no control character but its own: names and messages come from bundles, AWS and other people."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is to be printed, with escapes in the text."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else visible(text), style, control)


def write(console: Console, shown: RenderableType) -> None:
    """Print; without trailing blanks when it goes to a file or a pipe."""
    if console.is_terminal:
        console.print(shown)
        return
    console.file.write(plain(shown))
    console.file.flush()


def plain(shown: RenderableType) -> str:
    """The same as plain text, with one line per line."""
    console = _SafeConsole(
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
    return _SafeConsole(
        file=stream,
        force_terminal=terminal,
        width=None if terminal else UNWRAPPED,
        highlight=False,
        markup=False,
        emoji=False,
    )
