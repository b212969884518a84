"""Names and values: the list of facts on most pages."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table

from selfright.cli.views import signs

Fact = tuple[str, RenderableType]


def listed(facts: Iterable[Fact], *, name_width: int = 10, indent: int = 2) -> RenderableType:
    """One fact a line, with aligned names; `name_width` is the least width of the names."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style=signs.QUIET, no_wrap=True, min_width=name_width)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(name, value)
    return Padding(table, (0, 0, 0, indent))
