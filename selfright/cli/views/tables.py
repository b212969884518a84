"""The pages of environments and histories: pure functions from plain values to rich renderables."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from controller.domain.printable import sentences
from selfright.account.status import (
    DeploymentRecord,
    EnvironmentStatus,
    finished_in,
    is_blind,
    is_paused,
    older_than_live,
)
from selfright.cli.views import signs
from selfright.cli.views.deployment_page import summary
from selfright.wording import Commands, ago, clean, duration

MIN_WIDTHS = {"when": 8, "phase": 15, "deployment": 37}
"""Columns that are never cut on a narrow terminal, because they are read or copied."""


def environments(statuses: Sequence[EnvironmentStatus], commands: Commands, now: datetime) -> Table:
    """All environments, one a line."""
    table = _table("environment", "live", "since", "on its way", "held")
    for one in statuses:
        live = _live(one.live) if one.live else Text("nothing", "bold")
        since = ago(one.live.closed_at or one.live.updated_at, now) if one.live else ""
        table.add_row(one.environment_key, live, since, _on_its_way(one), _held(one, commands))
    return table


def _live(one: Deployment) -> Text:
    """Its version; after a rollback that failed, visitors get only parts of it, or none."""
    if one.phase is Phase.ROLLBACK_FAILED:
        return Text(f"{one.version} (its rollback failed)", "bold")
    return Text.assemble((one.version, "bold"), (" (blind)" if is_blind(one) else "", signs.CAREFUL))


def _on_its_way(one: EnvironmentStatus) -> Text:
    if one.on_its_way is None:
        return Text("nothing", signs.QUIET)
    moving = one.on_its_way
    weight = f" at {moving.weight} %" if moving.weight else ""
    decision = " (paused)" if is_paused(moving) else " (blind)" if is_blind(moving) else ""
    return Text.assemble(f"{moving.version} ", signs.phase(moving.phase), weight, (decision, signs.CAREFUL))


def _held(one: EnvironmentStatus, commands: Commands) -> Text:
    return _last(commands.said(one.held), "bold red") if one.held else Text("no", signs.QUIET)


def status(
    one: EnvironmentStatus, records: Sequence[DeploymentRecord], commands: Commands, now: datetime
) -> RenderableType:
    """One environment, with what is on its way in full."""
    parts: list[RenderableType] = [environments([one], commands, now)]
    for record in records:
        parts += [Text(), summary(record, commands)]
    return Group(*parts)


def history(deployments: Sequence[Deployment], commands: Commands, now: datetime) -> Table:
    """The deployments of an environment, one a line, newest first."""
    table = _table("when", "version", "phase", "deployment", "took", "reason")
    older = older_than_live(deployments)
    for one in deployments:
        took = duration(finished_in(one))
        uploaded = ago(one.upload.uploaded_at, now)
        version = Text(one.version or clean(one.upload.key.rpartition("/")[2]), "bold")
        remark = _last(commands.said(_remark(one, older)))
        table.add_row(uploaded, version, signs.phase(one.phase), one.deployment_id, took, remark)
    return table


def _remark(one: Deployment, older: Mapping[str, str]) -> str:
    """How it ended, and whether it brought an older version than the one that was live."""
    then = older.get(one.deployment_id)
    return sentences(one.reason, f"Older than {then}, which was live." if then else "")


def _table(*titles: str) -> Table:
    """A table whose values can be copied: only the last column is cut when the terminal is narrow."""
    table = Table(box=None, pad_edge=False, header_style=signs.QUIET, padding=(0, 2, 0, 0))
    for title in titles[:-1]:
        table.add_column(title, no_wrap=True, min_width=MIN_WIDTHS.get(title))
    table.add_column(titles[-1])
    return table


def _last(text: str, style: str = "") -> Text:
    """The text of the last column: cut at the edge of the terminal."""
    return Text(text, style, no_wrap=True, overflow="ellipsis")
