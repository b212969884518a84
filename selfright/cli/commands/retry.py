"""`selfright retry`: release the contents of a deployment again."""

import sys

import click

from controller.domain.deployment import Deployment
from selfright.account.earlier_releases import check_retry, release_again
from selfright.cli.commands.release import report, watch_option
from selfright.cli.help import Command
from selfright.cli.tools import CommandTools, DeploymentId, common, pass_tools
from selfright.cli.watching import timeout_option
from selfright.wording import Commands

EXAMPLES = (
    'retry smartpack-prod-20250101T120000-3f9a01 --reason "the payment provider was down"',
    'retry smartpack-prod-20250101T120000-3f9a01 --reason "wrong alarm" --yes --no-watch --output json',
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("deployment", type=DeploymentId())
@click.option("--reason", metavar="TEXT", required=True, help="Why; the ledger keeps it with your name.")
@click.option("--hotfix", is_flag=True, help="It also corrects the cause of a firing alarm: ignore that alarm.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask (it asks only on a terminal).")
@watch_option
@timeout_option
@common
@pass_tools
def command(  # noqa: PLR0913, PLR0917 - click hands over every option
    tools: CommandTools,
    deployment: str,
    reason: str,
    hotfix: bool,
    yes: bool,
    watching: bool,
    timeout: float | None,
) -> None:
    """Release the contents of DEPLOYMENT again.

    The same bundle goes through all checks and steps, from its stored upload. That is right when the cause was not in
    the release. It works also for a version that was rolled back because of evidence against it: an alarm, the judge, a
    failed check.

    Exit code 0 means that the release is live, 1 that it is not. With --no-watch, 0 means that it was uploaded.
    """
    if not reason.strip():
        raise click.UsageError('Say why it is released again, with --reason "…".')
    chosen = tools.account.ledger.get(deployment)
    check_retry(tools.account, chosen)
    if sys.stdin.isatty() and not yes:
        click.confirm(question(chosen, tools.terminal.commands), abort=True, err=True)
    why = {"retry": reason.strip()} | ({"hotfix": reason.strip()} if hotfix else {})
    sent = release_again(tools.account, chosen, **why)
    tools.terminal.note(f"Releasing {chosen.version} again: deployment {sent.deployment_id}")
    report(tools, sent, watching=watching, timeout=timeout)


def question(chosen: Deployment, commands: Commands) -> str:
    """What a person is asked: what is released again, where, and how it ended the last time."""
    ended = commands.said(f"{chosen.phase}. {chosen.reason}".strip())
    release = f"{chosen.application} {chosen.version}".strip()
    return f"{chosen.deployment_id} was {ended}\nRelease {release} in {chosen.environment_key} again?"
