"""What `selfright doctor` found, as a page and as a document."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from selfright.cli.views import signs
from selfright.components.examined import Finding, Severity
from selfright.doctor.diagnosis import Diagnosis
from selfright.wording import Commands, clean, plural

SIGNS: dict[Severity, tuple[str, str]] = {
    "ok": ("✔", signs.GOOD),
    "note": ("●", signs.CAREFUL),
    "problem": ("✘", signs.BAD),
}


def diagnoses(found: Sequence[Diagnosis], commands: Commands, *, everything: bool) -> RenderableType:
    """By place: problems and notes with what to do; what is well is counted, or shown too (`everything`)."""
    parts: list[RenderableType] = []
    for place, those in groupby(found, key=lambda one: one.place):
        members = list(those)
        well = sum(one.finding.severity == "ok" for one in members)
        parts += [Text.assemble((place, "bold"), (f"  {well} of {len(members)} are well", signs.QUIET))]
        shown = [one for one in members if everything or one.finding.severity != "ok"]
        said = [*(one for one in shown if everything or not one.finding.action), *_denied(shown, everything=everything)]
        parts += [Padding(_table(said, commands), (0, 0, 0, 2))] if said else []
        parts += [Text()]
    return Group(*parts, _verdict(found))


def document(found: Sequence[Diagnosis], environment: str | None) -> dict[str, Any]:
    """All findings, and how many speak against a release."""
    return {
        "environment": environment,
        "problems": _count(found, "problem"),
        "notes": _count(found, "note"),
        "findings": [
            {
                "place": one.place,
                "subject": one.subject,
                "severity": one.finding.severity,
                "found": one.finding.found,
                "means": one.finding.means or None,
                "next_step": one.finding.next_step or None,
                "denied_action": one.finding.action or None,
            }
            for one in found
        ],
    }


def _denied(found: Sequence[Diagnosis], *, everything: bool) -> list[Diagnosis]:
    """All that the caller may not read, as one note; each is shown by itself with `everything`."""
    actions = sorted({one.finding.action for one in found if one.finding.action})
    if everything or not actions:
        return []
    means = f"So it is not known whether a release would meet trouble there: {', '.join(actions)}."
    step = "Run this with credentials that may call them, such as those of the managed policy ReadOnlyAccess."
    return [Diagnosis(found[0].place, "denied", Finding("note", "you may not read everything", means, step))]


def _table(found: Sequence[Diagnosis], commands: Commands) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in found:
        sign, style = SIGNS[one.finding.severity]
        said = commands.said(one.finding.found)
        table.add_row(Text(sign, style), Text.assemble((clean(one.subject), "bold"), f": {said}"))
        for line in _advice(one.finding, commands):
            table.add_row("", line)
    return table


def _advice(finding: Finding, commands: Commands) -> list[Text]:
    lines = [Text(commands.said(finding.means))] if finding.means else []
    step = commands.said(finding.next_step)
    return [*lines, *([Text.assemble(("Next: ", "bold"), step)] if step else [])]


def _verdict(found: Sequence[Diagnosis]) -> Text:
    problems, notes = _count(found, "problem"), _count(found, "note")
    also = f" {plural(notes, 'note')} to read." if notes else ""
    if problems:
        return Text(
            f"✘ {plural(problems, 'problem')}: a release would fail, or could not be rolled back.{also}", signs.BAD
        )
    return Text(f"✔ Nothing speaks against a release.{also}", signs.GOOD)


def _count(found: Sequence[Diagnosis], severity: Severity) -> int:
    return sum(one.finding.severity == severity for one in found)
