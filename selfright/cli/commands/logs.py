"""`selfright logs`: what the controller and the components wrote during a deployment."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from controller.domain import durations
from controller.domain.deployment import Deployment
from selfright.account.logs import Follower, LogReader, LogSource, begins, ends, window
from selfright.cli.help import Command
from selfright.cli.tools import CommandTools, DeploymentId, common, pass_tools
from selfright.cli.views import log_lines

EXAMPLES = (
    "logs smartpack-prod-20250101T120000-3f9a01",
    "logs smartpack-prod-20250101T120000-3f9a01 --follow --component api",
    "logs smartpack-prod-20250101T120000-3f9a01 --since 10m --filter ERROR --output json",
)


class Since(click.ParamType[timedelta | datetime]):
    """`90s`, `10m`, `2h`, `1d`, or a time in ISO 8601."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta | datetime:  # noqa: ANN401
        """A duration or a moment (of local time, unless it says otherwise)."""
        if isinstance(value, timedelta | datetime):
            return value
        with suppress(ValueError):
            return timedelta(seconds=durations.seconds(str(value)))
        try:
            return datetime.fromisoformat(str(value)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"'{value}' is not a time: use 10m, 2h, 1d, or 2025-01-01T12:00:00.", param, ctx)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("deployment", type=DeploymentId())
@click.option(
    "-f", "--follow", "following", is_flag=True, help="Show new lines until the deployment has ended, or Ctrl-C."
)
@click.option("--since", type=Since(), help="Not older than this: 10m, 2h, or a time. Default: from its beginning.")
@click.option("--filter", "text", default="", metavar="TEXT", help="Only lines that contain this text.")
@click.option(
    "--component", "only", metavar="NAME", multiple=True, help="Only of this component, or `controller`; repeatable."
)
@common
@pass_tools
def command(  # noqa: PLR0913, PLR0917 - click hands over every option
    tools: CommandTools,
    deployment: str,
    following: bool,
    since: timedelta | datetime | None,
    text: str,
    only: tuple[str, ...],
) -> None:
    """Show what was logged during DEPLOYMENT.

    By the controller and by the components, in order of time. Of a component's function, only the versions of this
    deployment are shown: the stable and the canary. With --output json, every line is a document of its own.
    """
    one = tools.account.ledger.get(deployment)
    start, reader = _start(one, since, tools.clock()), LogReader(tools.account.logs)
    if following:
        lines = Follower(reader, tools.clock, tools.sleep).follow(
            lambda: _sources(tools, deployment, only, text), start
        )
    else:
        lines = reader.read(window(tools.account, one, only, text), start, ends(one))
    found = False
    for line in lines:
        found = True
        tools.terminal.line(log_lines.shown(line), log_lines.document(line))
    if not found:
        tools.terminal.note("There are no such lines. Logs are kept for a limited time, and arrive some seconds late.")


def _start(one: Deployment, since: timedelta | datetime | None, now: datetime) -> datetime:
    beginning = begins(one)
    if since is None:
        return beginning
    if isinstance(since, timedelta):
        return now - min(since, now - beginning)  # A duration may reach further back than the calendar.
    return max(beginning, since)


def _sources(tools: CommandTools, deployment: str, only: tuple[str, ...], text: str) -> tuple[list[LogSource], bool]:
    """The sources now, and whether no more lines will come. Versions become known while a deployment is on its way."""
    one = tools.account.ledger.get(deployment)
    end = ends(one)
    return window(tools.account, one, only, text), end is not None and tools.clock() >= end
