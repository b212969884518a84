"""`selfright watch`: watch a deployment until it has ended."""

from datetime import timedelta

import click

from controller.domain.identity import uploaded_at
from selfright.cli.commands.release import LIVE
from selfright.cli.help import Command
from selfright.cli.tools import CommandTools, DeploymentId, common, pass_tools
from selfright.cli.watching import conclude, timeout_option, watch

EXAMPLES = (
    "watch smartpack-prod-20250101T120000-3f9a01",
    "watch smartpack-prod-20250101T120000-3f9a01 --timeout 10m",
)


COMES_WITHIN = timedelta(minutes=20)
"""What was uploaded longer ago has a deployment; S3 may need minutes to tell of uploads to a new bucket."""


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("deployment", type=DeploymentId())
@timeout_option
@common
@pass_tools
def command(tools: CommandTools, deployment: str, timeout: float | None) -> None:
    """Watch DEPLOYMENT until it has ended.

    Exit code 0 means that the release is live, 1 that it is not. Ctrl-C ends the watching, not the release.
    """
    ledger = tools.account.ledger
    if ledger.find(deployment) is None and (not _may_still_come(tools, deployment) or ledger.alike(deployment)):
        ledger.get(deployment)  # Raises an error that says which one may be meant.
    conclude(tools, watch(tools, deployment, timeout=timeout), LIVE)


def _may_still_come(tools: CommandTools, deployment: str) -> bool:
    """Whether its upload was just made, so that the ledger may not have it yet."""
    uploaded = uploaded_at(deployment)
    return uploaded is not None and tools.clock() - uploaded < COMES_WITHIN
