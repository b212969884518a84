"""`selfright follow`: watch a deployment until it has ended."""

import click

from selfright.cli.commands.release import LIVE
from selfright.cli.following import conclude, follow, timeout_option
from selfright.cli.help import Command
from selfright.cli.tools import Tools, common, pass_tools

EXAMPLES = (
    "follow smartpack-prod-20250101T120000-3f9a01",
    "follow smartpack-prod-20250101T120000-3f9a01 --timeout 600",
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("deployment")
@timeout_option
@common
@pass_tools
def command(tools: Tools, deployment: str, timeout: float | None) -> None:
    """Follow DEPLOYMENT until it has ended.

    Exit code 0 means that the release is live, 1 that it is not. Ctrl-C ends the following, not the release.
    """
    conclude(tools, follow(tools, deployment, timeout=timeout), LIVE)
