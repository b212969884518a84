"""A small chart for the terminal: error rates of both sides, the e-value against its limit, the weight."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby, pairwise
from math import log

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from controller.domain.deployment import Counts, Deployment, Evaluation
from controller.domain.printable import figure
from selfright.cli.views import signs
from selfright.explaining.explanation import reached
from selfright.wording import duration, percent, plural

WIDTH = 56
"""Columns; with more evaluations than that, several share one."""
BLOCKS = " ▁▂▃▄▅▆▇█"
EVIDENCE_ROWS = 4
LIMIT_LINE = "┄"


def chart(evaluations: Sequence[Evaluation], one: Deployment) -> RenderableType:
    """Draw the evaluations from left to right; of those that share a column, the highest counts."""
    columns = _columns(evaluations)
    table = Table.grid(padding=(0, 2))
    table.add_column(style=signs.QUIET, no_wrap=True, min_width=10)
    table.add_column(no_wrap=True)
    table.add_column(style=signs.QUIET)
    top = max(
        rate for evaluation in evaluations for rate in (evaluation.canary.error_rate, evaluation.stable.error_rate)
    )
    sides: tuple[tuple[str, Callable[[Evaluation], Counts]], ...] = (
        ("canary", lambda evaluation: evaluation.canary),
        ("stable", lambda evaluation: evaluation.stable),
    )
    for name, side in sides:
        style = signs.BAD if name == "canary" and _is_worse(evaluations) else signs.GOOD
        _row(table, name, columns, partial(_height, side, top), style, _failed(evaluations, side))
    _evidence(table, columns)
    weights = " ▸ ".join(f"{weight} %" for weight, _ in groupby(evaluation.weight for evaluation in evaluations))
    _row(table, "weight", columns, lambda evaluation: evaluation.weight / 100, signs.BUSY, weights)
    table.add_row("", _times(columns, one), "")
    return Padding(Group(table), (0, 0, 0, 2))


def _columns(evaluations: Sequence[Evaluation]) -> list[list[Evaluation]]:
    count = min(WIDTH, len(evaluations))
    edges = [len(evaluations) * number // count for number in range(count + 1)]
    return [list(evaluations[start:end]) for start, end in pairwise(edges)]


def _wide(columns: Sequence[object], text: str) -> str:
    """Draw few evaluations wider, so that they are visible."""
    broad = max(1, min(4, WIDTH // max(1, len(columns))))
    return "".join(letter * broad for letter in text)


def _row(  # noqa: PLR0913, PLR0917 - a row and how it is drawn
    table: Table,
    name: str,
    columns: Sequence[Sequence[Evaluation]],
    height: Callable[[Evaluation], float | None],
    style: str,
    said: str,
) -> None:
    heights = [[one for one in map(height, column) if one is not None] for column in columns]
    drawn = "".join(_block(max(known), 1, 0, least=1) if known else " " for known in heights)
    table.add_row(name, Text(_wide(columns, drawn), style), said)


def _evidence(table: Table, columns: Sequence[Sequence[Evaluation]]) -> None:
    """On a logarithmic scale: the bottom is no evidence, the line on top the limit."""
    heights = [max(map(_evidence_of, column)) for column in columns]
    evaluations = [evaluation for column in columns for evaluation in column if evaluation.limit]
    if not evaluations:
        return
    highest = max(evaluations, key=_evidence_of)
    table.add_row(
        "e-value", Text(_wide(columns, LIMIT_LINE * len(columns)), signs.BAD), f"{figure(highest.limit)} rolls back"
    )
    for row in reversed(range(EVIDENCE_ROWS)):
        drawn = "".join(_block(height, EVIDENCE_ROWS, row, least=not row) for height in heights)
        style = signs.BAD if max(heights) >= 1 else signs.CAREFUL
        table.add_row("", Text(_wide(columns, drawn), style), "" if row else f"{figure(highest.e_value)} at most")


def _evidence_of(evaluation: Evaluation) -> float:
    """0 without evidence, 1 at the limit."""
    return log(max(evaluation.e_value, 1.0)) / log(evaluation.limit) if evaluation.limit > 1 else 0.0


def _block(height: float, rows: int, row: int, *, least: int) -> str:
    """The part of a column of this height (0 to 1) that is in a row; `least` eighths are always drawn."""
    eighths = round(min(1.0, max(0.0, height)) * rows * 8) - 8 * row
    return BLOCKS[max(least, min(8, eighths))]


def _height(side: Callable[[Evaluation], Counts], top: float, evaluation: Evaluation) -> float | None:
    """The error rate of a side as a share of the highest; None when it had no request."""
    counts = side(evaluation)
    if not counts.requests:
        return None
    return counts.error_rate / top if top else 0.0


def _is_worse(evaluations: Sequence[Evaluation]) -> bool:
    """Whether the evidence was ever enough for a rollback."""
    return any(map(reached, evaluations))


def _failed(evaluations: Sequence[Evaluation], side: Callable[[Evaluation], Counts]) -> str:
    last = next((side(evaluation) for evaluation in reversed(evaluations) if side(evaluation).requests), None)
    return f"{percent(last.error_rate)} of {plural(last.requests, 'request')} failed" if last else "no requests"


def _times(columns: Sequence[Sequence[Evaluation]], one: Deployment) -> Text:
    """When the first and the last evaluation were, since the upload."""
    first, last = (_since(evaluation, one) for evaluation in (columns[0][0], columns[-1][-1]))
    width = len(_wide(columns, " " * len(columns)))
    return Text(f"+{first}".ljust(max(width - len(last) - 1, len(first) + 3)) + f"+{last}", signs.QUIET)


def _since(evaluation: Evaluation, one: Deployment) -> str:
    return duration(max(0.0, (evaluation.at - one.upload.uploaded_at).total_seconds()))
