"""`selfright doctor`: whether a release would meet trouble in AWS, before there is one."""

import sys

import click

from selfright.cli.help import Command
from selfright.cli.tools import CommandTools, EnvironmentKey, common, pass_tools
from selfright.cli.views import doctor_page
from selfright.doctor.doctor import Doctor
from selfright.wording import clean

TROUBLE = 1

EXAMPLES = (
    "doctor",
    "doctor smartpack/prod",
    "doctor smartpack/prod --all",
    "doctor --output json > doctor.json",
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("environment", metavar="[APP/ENV]", type=EnvironmentKey(), required=False)
@click.option("--all", "everything", is_flag=True, help="Show also what is well.")
@common
@pass_tools
def command(tools: CommandTools, environment: str | None, everything: bool) -> None:
    """Find what would make a release fail.

    Looks at the account's quotas, the controller, and an environment (without APP/ENV: all of them): functions,
    aliases, roles, buckets, distributions, certificates, alarms, hooks, secrets, URLs, traffic, changes by hand, and
    what you may not read. It changes nothing.

    Exit code 0 means that nothing speaks against a release, 1 that one would fail or could not be rolled back.
    """
    with tools.terminal.err.status("Looking at AWS …") as progress:  # It shows nothing where there is no terminal.
        said = lambda what: progress.update(f"Looking at {clean(what)} …")  # noqa: E731
        found = list(Doctor(tools.account, tools.clock(), tools.sleep, said).examine(environment))
    shown = doctor_page.diagnoses(found, tools.terminal.commands, everything=everything)
    tools.terminal.result(shown, doctor_page.document(found, environment))
    if any(one.finding.severity == "problem" for one in found):
        sys.exit(TROUBLE)
