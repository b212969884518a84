"""`selfright plan`: what a release would do, before anything is uploaded."""

import sys
import tempfile
from functools import partial
from pathlib import Path

import click
from rich.console import Group

from controller.domain.phases import REMEMBERED
from selfright.account.comparing import Comparer
from selfright.account.ledger import Ledger
from selfright.account.past_requests import TrafficReader, UsualTraffic
from selfright.account.releasing import bundled
from selfright.cli.help import Command
from selfright.cli.tools import (
    CommandTools,
    allow_option,
    build_option,
    builder,
    common,
    pass_tools,
    source_argument,
    target_option,
)
from selfright.cli.views import documents, plan_document, plan_page
from selfright.cli.views.compared import not_as_released
from selfright.packing.no_secrets import NoSecrets
from selfright.planning.planner import Planner

REFUSED = 1
RECENT = 200
"""So many deployments are looked through for the one that released a version before."""

EXAMPLES = (
    "plan build/ --environment smartpack/prod",
    "plan smartpack-1.1.0.zip -e smartpack/prod --output json > plan.json",
    "plan build/ -e smartpack/prod --requests-per-second 20",
)


@click.command(cls=Command, examples=EXAMPLES)
@source_argument
@target_option
@click.option(
    "--requests-per-second",
    "per_second",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="What a function gets, instead of what CloudWatch measured in the last 7 days.",
)
@click.option("--hotfix", is_flag=True, help="Plan a release that may begin although alarms are firing.")
@build_option
@allow_option
@common
@pass_tools
def command(  # noqa: PLR0913, PLR0917 - click hands over every option
    tools: CommandTools,
    source: Path,
    environment: str,
    per_second: float | None,
    hotfix: bool,
    building: bool,
    allow: NoSecrets,
) -> None:
    """Say what a release would do.

    Reads the environment, uploads nothing and changes nothing: what changes and what is skipped, what is uploaded, how
    long it takes, which regressions this strategy would catch, what could not be rolled back, and what was changed by
    hand since the last release.

    Exit code 0 means that it can be released, 1 that the controller would refuse it (or could not be asked).
    """
    account = tools.account
    usual = UsualTraffic(TrafficReader(), tools.clock(), per_second)
    attempt = partial(_attempt, account.ledger, environment)
    place = account.environment(environment)
    planner = Planner(account.world, account.clients, place, usual=usual, attempt=attempt, hotfix=hotfix)
    with tempfile.TemporaryDirectory(prefix="selfright-") as folder:
        bundle = bundled(source, Path(folder), allow, builder(tools, building))
        tools.say_allowed(allow)
        plan = planner.plan(bundle.path)
    found = Comparer(account, tools.sleep).compare(account.ledger.status(environment))
    commands = tools.terminal.commands
    shown = Group(
        plan_page.plan(plan, str(source), commands, [one.name for one in found.changed]),
        *not_as_released(found, commands),
    )
    tools.terminal.result(shown, {**plan_document.plan(plan), "compared": documents.compared(found)})
    if plan.refusals:
        sys.exit(REFUSED)


def _attempt(ledger: Ledger, environment: str, version: str) -> str:
    """The deployment whose end is remembered of a version; "" when it was long ago."""
    deployments = ledger.history(environment, RECENT)
    return next((one.deployment_id for one in deployments if one.version == version and one.phase in REMEMBERED), "")
