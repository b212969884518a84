"""Figures and their output: medians, ratios within one run, tables in Markdown."""

import json
import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Table:
    """A table of results. `notes` say what a reader must know to judge them."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The table as Markdown."""
        cells = [[_cell(value) for value in row] for row in [self.columns, *self.rows]]
        widths = [max(len(row[number]) for row in cells) for number in range(len(self.columns))]
        lines = [f"| {' | '.join(_aligned(row, widths))} |" for row in cells]
        rule = f"|{'|'.join('-' * (width + 2) for width in widths)}|"
        notes = "".join(f"\n- {note}" for note in self.notes)
        return "\n".join([f"### {self.title}", "", lines[0], rule, *lines[1:]]) + (f"\n{notes}" if notes else "")

    def data(self) -> dict[str, Any]:
        """The table as JSON."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "notes": self.notes}


def median(values: Iterable[float]) -> float:
    """The median; NaN of nothing."""
    known = list(values)
    return statistics.median(known) if known else float("nan")


def ratio(value: float, base: float) -> str:
    """The value as a multiple of `base`: `0.23×`."""
    return f"{value / base:.2f}×" if base == base and base else "–"  # noqa: PLR0124 - NaN differs from itself


def machine() -> str:
    """The machine that measures, in words."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, {_python()}"


def show(tables: Sequence[Table], *, as_json: bool) -> None:
    """Print the results."""
    if as_json:
        print(json.dumps({"machine": machine(), "tables": [table.data() for table in tables]}, indent=2, default=str))
        return
    for table in tables:
        print(f"\n{table.text()}", flush=True)


def summary(times: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Name → median."""
    return {name: median(values) for name, values in times.items()}


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "–" if value != value else f"{value:.2f}"  # noqa: PLR0124 - NaN differs from itself
    return f"{value:,}" if isinstance(value, int) else str(value)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = zip(row, widths, strict=True)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _python() -> str:
    return f"Python {platform.python_version()}"
