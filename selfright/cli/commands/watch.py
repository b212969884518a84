"""`selfright watch`: watch a deployment until it has ended."""

import click

from selfright.cli.commands.release import LIVE
from selfright.cli.help import Command
from selfright.cli.tools import CommandTools, common, pass_tools
from selfright.cli.watching import conclude, timeout_option, watch

EXAMPLES = (
    "watch smartpack-prod-20250101T120000-3f9a01",
    "watch smartpack-prod-20250101T120000-3f9a01 --timeout 10m",
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("deployment")
@timeout_option
@common
@pass_tools
def command(tools: CommandTools, deployment: str, timeout: float | None) -> None:
    """Watch DEPLOYMENT until it has ended.

    Exit code 0 means that the release is live, 1 that it is not. Ctrl-C ends the watching, not the release.
    """
    conclude(tools, watch(tools, deployment, timeout=timeout), LIVE)
