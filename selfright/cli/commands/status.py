"""`selfright status`: how environments, one of them, or one deployment stand."""

import click
from rich.console import RenderableType
from rich.live import Live

from selfright.account.status import DeploymentRecord, EnvironmentStatus
from selfright.cli.help import Command
from selfright.cli.terminal import plain
from selfright.cli.tools import CommandTools, EnvironmentKey, common, pass_tools
from selfright.cli.views import deployment_page, documents, tables
from selfright.errors import AdviceError

POLL_SECONDS = 1.0
NONE_REGISTERED = "Register one: the CDK construct Environment writes it; see the README."

EXAMPLES = (
    "status",
    "status smartpack/prod --watch",
    "status smartpack-prod-20250101T120000-3f9a01",
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("what", metavar="[APP/ENV | DEPLOYMENT]", required=False)
@click.option("-w", "--watch", is_flag=True, help="Keep it up to date until Ctrl-C.")
@common
@pass_tools
def command(tools: CommandTools, what: str | None, watch: bool) -> None:
    """Show what is live and what is on its way.

    Without an argument, of all registered environments.
    """
    if not watch:
        tools.terminal.result(*_looked_up(tools, what))
    elif tools.terminal.as_json:
        raise click.UsageError("--watch draws, and --output json prints one document: use one of them.")
    else:
        _watch(tools, what)


def _watch(tools: CommandTools, what: str | None) -> None:
    if not tools.terminal.out.is_terminal:
        _print_changes(tools, what)
    with Live(console=tools.terminal.out, auto_refresh=False, screen=False) as live:
        while True:
            live.update(_looked_up(tools, what)[0], refresh=True)
            tools.sleep(POLL_SECONDS)


def _print_changes(tools: CommandTools, what: str | None) -> None:
    before = ""
    while True:
        shown = plain(_looked_up(tools, what)[0])
        if shown != before:
            tools.terminal.result(shown.rstrip("\n"), None)
        before = shown
        tools.sleep(POLL_SECONDS)


def _looked_up(tools: CommandTools, what: str | None) -> tuple[RenderableType, documents.Document]:
    if what is None:
        return _all(tools)
    if "/" in what:
        return _one(tools, EnvironmentKey().convert(what, None, None))
    record = tools.account.ledger.record(what)
    return deployment_page.summary(record, tools.terminal.commands), documents.record(record)


def _all(tools: CommandTools) -> tuple[RenderableType, documents.Document]:
    statuses = [tools.account.ledger.status(key) for key in tools.account.environments()]
    if not statuses:
        tools.account.resources  # noqa: B018 - raises an error if there is no controller
        raise AdviceError("No environment is registered here.", NONE_REGISTERED)
    shown = tables.environments(statuses, tools.clock())
    return shown, {"environments": [documents.status(one) for one in statuses]}


def _one(tools: CommandTools, key: str) -> tuple[RenderableType, documents.Document]:
    tools.account.environment(key)
    status = tools.account.ledger.status(key)
    shown = tables.status(status, _records(tools, status), tools.terminal.commands, tools.clock())
    return shown, documents.status(status)


def _records(tools: CommandTools, status: EnvironmentStatus) -> list[DeploymentRecord]:
    """What is on its way and what waits, in full."""
    moving = [one for one in (status.on_its_way, status.waiting) if one]
    return [tools.account.ledger.record(one.deployment_id) for one in moving]
