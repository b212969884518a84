"""The live picture of a watched deployment on a terminal."""

from datetime import datetime

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from controller.domain.deployment import Bake, Counts, Deployment
from controller.domain.phases import Phase
from controller.domain.strategy import ALL
from selfright.account.status import is_paused
from selfright.account.watching import LedgerReading
from selfright.cli.views import signs
from selfright.cli.views.deployment_page import compared, opinion
from selfright.wording import Commands, clock, percent

WIDTH = 78
BAR = 40


def picture(reading: LedgerReading, deployment_id: str, now: datetime, commands: Commands) -> RenderableType:
    """Draw the phase, traffic, bake clock, and the last evaluation."""
    one = reading.deployment
    if one is None:
        waiting = reading.trouble or "Uploaded. Waiting for the controller to begin …"
        return Panel(Text(commands.said(waiting), signs.QUIET), title=deployment_id, title_align="left", width=WIDTH)
    parts: list[RenderableType] = [_top(one, now), _bars(one, now)]
    if one.evaluation:
        parts += [Text(), _counts(one)]
    if remarks := _remarks(reading, one):
        parts += [Text(), *(Text(commands.said(remark), style) for remark, style in remarks)]
    release = f"{one.application} {one.version}".strip()
    title = Text(f"{release} → {one.environment_key}", "bold")
    return Panel(Group(*parts), title=title, title_align="left", width=WIDTH, border_style=signs.PHASES[one.phase][1])


def _top(one: Deployment, now: datetime) -> Table:
    row = Table.grid(expand=True, padding=(0, 2))
    row.add_column()
    row.add_column(justify="center")
    row.add_column(justify="right", style=signs.QUIET)
    row.add_row(signs.phase(one.phase), _steps(one), clock((now - one.upload.uploaded_at).total_seconds()))
    return row


def _steps(one: Deployment) -> Text:
    """All traffic steps, with a sign for those that are over, the present one, and those to come."""
    present = one.bake.step if one.bake else -1
    shown = Text()
    for index, step in enumerate(one.steps):
        over = index < present or one.phase is Phase.SUCCEEDED
        sign, style = ("✔", signs.GOOD) if over else ("○", signs.QUIET)
        if index == present and not over:
            sign, style = ("✘", signs.BAD) if one.trip else ("●", signs.BUSY)
        shown.append(f"{sign} {step.weight} %  ", style)
    return shown


def _bars(one: Deployment, now: datetime) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style=signs.QUIET, min_width=7)
    table.add_column()
    table.add_column()
    if one.steps:
        style = signs.CAREFUL if one.trip else signs.GOOD
        table.add_row("traffic", signs.bar(one.weight / 100, BAR, style), f"{one.weight} %")
    if one.bake and not one.bake.concluded and not one.trip:
        name = "final bake" if one.weight == ALL else "bake"
        name = "numbers" if _waits(one.bake, now) else name
        table.add_row(name, signs.bar(_elapsed(one.bake, now), BAR, signs.BUSY), _left(one, one.bake, now))
    return table


def _elapsed(bake: Bake, now: datetime) -> float:
    whole = (bake.ends_at - bake.started_at).total_seconds()
    return (now - bake.started_at).total_seconds() / whole if whole else 1.0


def _waits(bake: Bake, now: datetime) -> datetime | None:
    """After its time: until when its numbers are waited for at the latest."""
    return bake.waits_until if now >= bake.ends_at else None


def _left(one: Deployment, bake: Bake, now: datetime) -> str:
    again = " more" if bake.extended else ""
    if latest := _waits(bake, now):
        return f"≤ {clock((latest - now).total_seconds())}  step {bake.step + 1} of {len(one.steps)}"
    return f"{clock((bake.ends_at - now).total_seconds())}{again}  step {bake.step + 1} of {len(one.steps)}"


def _counts(one: Deployment) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style=signs.QUIET, min_width=7)
    for _ in range(3):
        table.add_column(justify="right", min_width=9)
    table.add_row("", *(Text(title, signs.QUIET) for title in ("requests", "errors", "rate")))
    if one.evaluation:
        for who, counts in compared(one.evaluation):
            table.add_row(who, *_figures(counts))
    return table


def _figures(counts: Counts) -> tuple[str, Text, str]:
    errors = Text(f"{counts.errors:,}", signs.BAD if counts.errors else "")
    return f"{counts.requests:,}", errors, percent(counts.error_rate)


def _remarks(reading: LedgerReading, one: Deployment) -> list[tuple[str, str]]:
    remarks = []
    if one.evaluation and not one.trip:
        remarks.append(
            (f"{opinion(one.evaluation)}: {one.evaluation.reason}", signs.VERDICTS.get(one.evaluation.verdict, ""))
        )
    if one.trip:
        remarks.append((one.trip.reason, signs.BAD))
    if is_paused(one):
        remarks.append(("A person must decide: resume it, or roll it back.", f"bold {signs.CAREFUL}"))
    if reading.trouble:
        remarks.append(("The ledger does not answer; trying again …", signs.CAREFUL))
    return remarks
