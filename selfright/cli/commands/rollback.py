"""`selfright rollback`: undo a release."""

import sys

import click

from controller.domain.deployment import Deployment
from controller.domain.history import last_change
from controller.domain.phases import Phase
from controller.errors import AwsError
from selfright.account.earlier_releases import later_releases, release_again, released_as, restore_traffic_now
from selfright.account.rolling_back import check_possible, start_rollback, to_roll_back
from selfright.account.status import DeploymentRecord
from selfright.cli.help import Command
from selfright.cli.tools import CommandTools, EnvironmentKey, Reason, common, pass_tools
from selfright.cli.watching import conclude, timeout_option, watch
from selfright.errors import AdviceError

UNSAID = "A person rolled it back."
BACK = frozenset({Phase.ROLLED_BACK, Phase.REJECTED})
LIVE = frozenset({Phase.SUCCEEDED})
RECENT, ALL = 20, 500

EXAMPLES = (
    "rollback --environment smartpack/prod",
    'rollback smartpack-prod-20250101T120000-3f9a01 --reason "wrong prices" --yes',
    "rollback --environment smartpack/prod --to 1.1.0",
    "rollback --environment smartpack/prod --emergency",
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("deployment", required=False)
@click.option(
    "-e", "--environment", type=EnvironmentKey(), help="Roll back the deployment on its way there, or the live one."
)
@click.option(
    "--reason", type=Reason(), metavar="TEXT", default=UNSAID, show_default=True, help="Why; it is kept in the ledger."
)
@click.option("--to", "version", metavar="VERSION", help="Release this earlier version again, from its stored bundle.")
@click.option(
    "--emergency", is_flag=True, help="At once, without asking; with --to, roll back one release after the other."
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask (it asks only on a terminal).")
@timeout_option
@common
@pass_tools
def command(  # noqa: PLR0913, PLR0917 - click hands over every option
    tools: CommandTools,
    deployment: str | None,
    environment: str | None,
    reason: str,
    version: str | None,
    emergency: bool,
    yes: bool,
    timeout: float | None,
) -> None:
    """Restore what was live before DEPLOYMENT.

    With --environment, it rolls back the deployment on its way there, or the live one. If that changed nothing, it
    rolls back the last one that did.

    With --to, it releases an earlier version again, which goes through all checks and steps like any release, also
    while an alarm is firing; with --emergency as well, it rolls back the releases after that version one after the
    other.

    --emergency moves all visitors to the stable revision before anything else. Every rollback is verified.

    Exit code 0 means that everything is restored and verified, 1 that it is not.
    """
    if (deployment is None) == (environment is None):
        raise click.UsageError("Name either a DEPLOYMENT or an --environment.")
    if deployment and "/" in deployment:
        step = f"Name it as one: {tools.terminal.commands(f'rollback --environment {deployment}')}"
        raise click.UsageError(f"{deployment} is an environment, not a deployment. {step}")
    if version is not None:
        if environment is None:
            raise click.UsageError("--to needs an --environment, such as smartpack/prod.")
        return_to(tools, environment, version, reason, emergency=emergency, yes=yes, timeout=timeout)
        return
    asked = tools.account.ledger.get(deployment) if deployment else _of(tools, environment or "")
    check_possible(asked)
    chosen = last_change(tools.account.ledger.find, asked)
    if chosen != asked:
        tools.terminal.note(f"{asked.deployment_id} changed nothing: what it stands on is rolled back.")
    record = tools.account.ledger.record(chosen.deployment_id)
    before = record.previous and last_change(tools.account.ledger.find, record.previous)
    if before and before.phase is Phase.SUCCEEDED and before.late_alarm:
        tools.terminal.note(f"{before.version} was accused, too: {before.late_alarm.reason}")
    if sys.stdin.isatty() and not yes and not emergency:
        click.confirm(question(record), abort=True, err=True)
    conclude(tools, _roll_back(tools, chosen, reason, timeout, emergency=emergency), BACK)


def _of(tools: CommandTools, environment: str) -> Deployment:
    tools.account.environment(environment)
    ledger = tools.account.ledger
    return to_roll_back(ledger.status(environment), ledger.history(environment, RECENT), tools.clock())


def question(record: DeploymentRecord) -> str:
    """What a person is asked: what is rolled back, where, and what will be live again."""
    chosen, before = record.deployment, record.previous_version
    state = "live" if chosen.phase is Phase.SUCCEEDED else str(chosen.phase)
    release = f"{chosen.application} {chosen.version}".strip()
    return f"Roll back {release} ({state}) in {chosen.environment_key}{f' to {before}' if before else ''}?"


def _roll_back(
    tools: CommandTools, chosen: Deployment, reason: str, timeout: float | None, *, emergency: bool
) -> DeploymentRecord:
    known = tools.account.ledger.timeline(chosen.deployment_id)
    if emergency:
        _restore_traffic_now(tools, chosen, reason)
    rollback = start_rollback(tools.account, chosen.deployment_id, reason)
    tools.terminal.note(f"Rolling back {chosen.deployment_id}")
    record = watch(tools, chosen.deployment_id, over=rollback.is_over, timeout=timeout, known=known)
    if refusal := rollback.refusal(record.deployment):
        step = f"See what is live: `selfright status {chosen.environment_key}`"
        raise AdviceError(f"It was not rolled back: {refusal}", step)
    return record


def _restore_traffic_now(tools: CommandTools, chosen: Deployment, reason: str) -> None:
    """Restore traffic at once; if that fails, the rollback machine tries again."""
    try:
        trouble = restore_traffic_now(tools.account, chosen.deployment_id, reason)
    except AwsError as error:
        trouble = str(error)
    said = tools.terminal.commands.within(trouble)
    tools.terminal.note(
        f"The traffic was not restored at once: {said}" if trouble else "All traffic is set back to stable."
    )


def return_to(  # noqa: PLR0913 - the options of the command
    tools: CommandTools,
    environment: str,
    version: str,
    reason: str,
    *,
    emergency: bool,
    yes: bool,
    timeout: float | None,
) -> None:
    """Make an earlier version live again in an environment."""
    tools.account.environment(environment)
    ledger = tools.account.ledger
    status = ledger.status(environment)
    if emergency:
        for one in later_releases(tools.account, status, version):
            record = _roll_back(tools, one, reason, timeout, emergency=True)
            if record.deployment.phase not in BACK:
                break
        conclude(tools, record, BACK)
    chosen = released_as(ledger.history(environment, ALL), environment, version)
    if sys.stdin.isatty() and not yes:
        live = status.live.version if status.live else "nothing"
        click.confirm(f"Release {version} again in {environment}, where {live} is live?", abort=True, err=True)
    sent = release_again(tools.account, chosen, hotfix=f"Back to {version}: {reason}")
    tools.terminal.note(f"Releasing {version} again: deployment {sent.deployment_id}")
    conclude(tools, watch(tools, sent.deployment_id, timeout=timeout), LIVE)
