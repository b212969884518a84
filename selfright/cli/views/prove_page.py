"""What `selfright prove` shows at its end: one line for each finding; the files have the rest."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from selfright.proving.report import ProveReport
from selfright.proving.results import Finding, NotMeasured
from selfright.wording import clean, duration


def page(report: ProveReport, written: Sequence[str]) -> RenderableType:
    """All findings, and where the report is."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=True, header_style="bold")
    for heading in ("fact", "what", "median", "worst", "assumed (aws)", "in words"):
        table.add_column(heading, overflow="fold")
    for answer in report.answers:
        for number, finding in enumerate(answer.findings):
            table.add_row(answer.name if number == 0 else "", *_cells(finding, report.factor))
    place = [Text(f"{report.place}\n")] if report.place else []
    return Group(*place, table, "", *(Text(f"Report: {name}") for name in written))


def _cells(finding: Finding, factor: float) -> tuple[str, ...]:
    if isinstance(finding, NotMeasured):
        return (clean(finding.what), "", "", "", f"not measured: {clean(finding.why)}")
    assumed = finding.assumed("aws", factor)
    beside = f"{duration(assumed[0])}, at most {duration(assumed[1])}" if assumed else ""
    return clean(finding.what), duration(finding.middle), duration(finding.worst), beside, clean(finding.said)
