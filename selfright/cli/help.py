"""Help pages with examples to copy."""

from collections.abc import Sequence
from typing import Any

import click

from selfright.wording import program


def write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    """Add the section with the examples, each on its own line; they are written without the program's name."""
    with formatter.section("Examples"):
        for example in examples:
            formatter.write(f"{'':{formatter.current_indent}}{program()} {example}\n")


class Command(click.Command):
    """A command whose help page ends with examples."""

    def __init__(self, *arguments: Any, examples: Sequence[str] = (), **settings: Any) -> None:  # noqa: ANN401
        """As click's own, and the `examples`."""
        super().__init__(*arguments, **settings)
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        super().format_epilog(ctx, formatter)
        write_examples(formatter, self.examples)
