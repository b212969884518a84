"""`selfright resume`: resume a paused deployment."""

import click

from selfright.account.rolling_back import resume
from selfright.cli.help import Command
from selfright.cli.tools import CommandTools, DeploymentId, common, pass_tools

EXAMPLES = ("resume smartpack-prod-20250101T120000-3f9a01",)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("deployment", type=DeploymentId())
@common
@pass_tools
def command(tools: CommandTools, deployment: str) -> None:
    """Resume a paused DEPLOYMENT.

    It is paused because there were too few requests for a verdict, and its environment says `when_inconclusive: pause`.
    The alternative is to roll it back.
    """
    resume(tools.account, tools.account.ledger.get(deployment))
    watch = tools.terminal.commands(f"watch {deployment}")
    tools.terminal.result(
        f"{deployment} is resumed.\nWatch it: {watch}", {"deployment_id": deployment, "resumed": True}
    )
