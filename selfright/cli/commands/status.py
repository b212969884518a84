"""`selfright status`: how environments, one of them, or one deployment stand."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import click
from rich.console import Group, RenderableType
from rich.live import Live

from controller.domain.phases import Phase
from selfright.account.comparing import ComparedEnvironment, Comparer
from selfright.account.status import DeploymentRecord, EnvironmentStatus
from selfright.cli.help import Command
from selfright.cli.terminal import plain
from selfright.cli.tools import CommandTools, EnvironmentKey, common, pass_tools
from selfright.cli.views import deployment_page, documents, tables
from selfright.cli.views.compared import compared
from selfright.errors import AdviceError

POLL_SECONDS = 1.0
COMPARE_EVERY = timedelta(seconds=30)
"""With --watch. AWS Lambda's control plane answers 15 requests a second, of which releases need most."""
AT_ONCE = 8
"""Environments that are compared at the same time."""
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

    Without an argument, of all registered environments. What is live is compared with AWS: an alias, a routing function
    or settings that somebody changed by hand are said, with what to do.
    """
    if not watch:
        tools.terminal.result(*_looked_up(tools, what, _Comparisons(tools)))
    elif tools.terminal.as_json:
        raise click.UsageError("--watch draws, and --output json prints one document: use one of them.")
    else:
        _watch(tools, what)


def _watch(tools: CommandTools, what: str | None) -> None:
    if not tools.terminal.out.is_terminal:
        _print_changes(tools, what)
    comparisons = _Comparisons(tools)
    with Live(console=tools.terminal.out, auto_refresh=False, screen=False) as live:
        while True:
            live.update(_looked_up(tools, what, comparisons)[0], refresh=True)
            tools.sleep(POLL_SECONDS)


def _print_changes(tools: CommandTools, what: str | None) -> None:
    before, comparisons = "", _Comparisons(tools)
    while True:
        shown = plain(_looked_up(tools, what, comparisons)[0])
        if shown != before:
            tools.terminal.result(shown.rstrip("\n"), None)
        before = shown
        tools.sleep(POLL_SECONDS)


@dataclass
class _Comparisons:
    """The comparisons with AWS, each used again for a while as long as the ledger says the same."""

    tools: CommandTools
    _known: dict[str, tuple[tuple[str, ...], datetime, ComparedEnvironment]] = field(default_factory=dict)

    def of(self, status: EnvironmentStatus) -> ComparedEnvironment:
        """The environment's, as of at most half a minute ago."""
        now = self.tools.clock()
        says = (status.held, *(one.deployment_id if one else "" for one in (status.live, status.on_its_way)))
        before, at, known = self._known.get(status.environment_key, ((), now, None))
        if known is None or before != says or now - at >= COMPARE_EVERY:
            known = Comparer(self.tools.account, self.tools.sleep).compare(status)
            self._known[status.environment_key] = says, now, known
        return known


def _looked_up(
    tools: CommandTools, what: str | None, comparisons: _Comparisons
) -> tuple[RenderableType, documents.Document]:
    if what is None:
        return _all(tools, comparisons)
    if "/" in what:
        return _one(tools, EnvironmentKey().convert(what, None, None), comparisons)
    record = tools.account.ledger.record(what)
    return deployment_page.summary(record, tools.terminal.commands), documents.record(record)


def _all(tools: CommandTools, comparisons: _Comparisons) -> tuple[RenderableType, documents.Document]:
    statuses = [tools.account.ledger.status(key) for key in tools.account.environments()]
    if not statuses:
        tools.account.resources  # noqa: B018 - raises an error if there is no controller
        raise AdviceError("No environment is registered here.", NONE_REGISTERED)
    tools.account.world  # noqa: B018 - made once, before the threads share it and its pace
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(comparisons.of, statuses))
    table = tables.environments(statuses, tools.terminal.commands, tools.clock())
    shown = Group(table, compared(statuses, found, tools.terminal.commands))
    return shown, {"environments": [documents.status(*one) for one in zip(statuses, found, strict=True)]}


def _one(tools: CommandTools, key: str, comparisons: _Comparisons) -> tuple[RenderableType, documents.Document]:
    tools.account.environment(key)
    status = tools.account.ledger.status(key)
    found = comparisons.of(status)
    shown = tables.status(status, _records(tools, status), tools.terminal.commands, tools.clock())
    below = compared([status], [found], tools.terminal.commands)
    return Group(shown, below), documents.status(status, found)


def _records(tools: CommandTools, status: EnvironmentStatus) -> list[DeploymentRecord]:
    """What is on its way, what waits, and the failed rollback that holds the environment, in full."""
    failed = status.held_by if status.held_by and status.held_by.phase is Phase.ROLLBACK_FAILED else None
    shown = [one for one in (status.on_its_way, status.waiting, failed) if one]
    return [tools.account.ledger.record(one.deployment_id) for one in shown]
