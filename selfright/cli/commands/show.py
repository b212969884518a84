"""`selfright show`: one deployment with everything that happened to it."""

import click

from selfright.cli.help import Command
from selfright.cli.tools import CommandTools, DeploymentId, common, pass_tools
from selfright.cli.views import deployment_page, documents

EXAMPLES = (
    "show smartpack-prod-20250101T120000-3f9a01",
    "show smartpack-prod-20250101T120000-3f9a01 --output json",
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("deployment", type=DeploymentId())
@common
@pass_tools
def command(tools: CommandTools, deployment: str) -> None:
    """Show everything that happened to DEPLOYMENT.

    Why it ended as it did, what it changed, and its timeline.
    """
    record = tools.account.ledger.record(deployment)
    tools.terminal.result(
        deployment_page.details(record, tools.terminal.commands), documents.record(record, timeline=True)
    )
