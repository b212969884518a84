"""`selfright unlock`: a held environment takes releases again, as it is now."""

import sys

import click

from selfright.account.unlocking import blocking, unlock
from selfright.cli.help import Command
from selfright.cli.tools import CommandTools, EnvironmentKey, Reason, common, pass_tools

EXAMPLES = (
    'unlock smartpack/prod --reason "moved forward by hand"',
    'unlock smartpack/prod --reason "the table was restored by hand" --yes --output json',
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("environment", metavar="APP/ENV", type=EnvironmentKey())
@click.option("--reason", type=Reason(), metavar="TEXT", required=True, help="Why it is unlocked; the ledger keeps it.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask (it asks only on a terminal).")
@common
@pass_tools
def command(tools: CommandTools, environment: str, reason: str, yes: bool) -> None:
    """Let a held environment take releases again.

    An environment is held after a rollback that failed, or a recovery that was interrupted. Unlocking changes
    nothing in it: use it after you have repaired it by hand. To restore what was live before, use `rollback` or
    `restore`.

    Exit code 0 means that it takes releases again, 1 that it does not (or was not held).
    """
    tools.account.environment(environment)
    deployment, held = blocking(tools.account.ledger, environment)
    if sys.stdin.isatty() and not yes:
        click.confirm(f"{tools.terminal.commands.said(held)}\nUnlock {environment} as it is now?", abort=True, err=True)
    unlock(tools.account, deployment, reason, tools.sleep)
    document = {"environment": environment, "deployment_id": deployment.deployment_id, "unlocked": True}
    tools.terminal.result(f"{environment} takes releases again, as it is now.", document)
