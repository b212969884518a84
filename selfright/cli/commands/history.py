"""`selfright history`: the deployments of an environment."""

import click

from selfright.account.status import older_than_live
from selfright.cli.help import Command
from selfright.cli.tools import CommandTools, EnvironmentKey, common, pass_tools
from selfright.cli.views import documents, tables

EXAMPLES = (
    "history smartpack/prod",
    "history smartpack/prod -n 50 --output json",
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("environment", metavar="APP/ENV", type=EnvironmentKey())
@click.option(
    "-n", "--number", metavar="N", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many."
)
@common
@pass_tools
def command(tools: CommandTools, environment: str, number: int) -> None:
    """List the deployments of APP/ENV, newest first."""
    deployments = tools.account.ledger.history(environment, number)
    if not deployments:
        tools.account.environment(environment)  # Raises an error if there is no such environment.
        tools.terminal.note(f"{environment} had no deployment yet.")
    older = older_than_live(deployments)
    listed = [{**documents.deployment(one), "older_than": older.get(one.deployment_id)} for one in deployments]
    shown = tables.history(deployments, tools.terminal.commands, tools.clock()) if deployments else ""
    tools.terminal.result(shown, {"environment": environment, "deployments": listed})
