"""`selfright rollback`: take a release back."""

import sys

import click

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from controller.errors import AwsError
from selfright.account.earlier_releases import release_again, released_as, restore_traffic_now, way_back
from selfright.account.rolling_back import check_possible, start_rollback, to_roll_back
from selfright.account.standing import Story
from selfright.cli.following import conclude, follow, timeout_option
from selfright.cli.help import Command
from selfright.cli.tools import EnvironmentKey, Tools, common, pass_tools
from selfright.errors import AdviceError

UNSAID = "A person rolled it back."
BACK = frozenset({Phase.ROLLED_BACK, Phase.REJECTED})
LIVE = frozenset({Phase.SUCCEEDED})
RECENT, ALL = 20, 500
ACCEPT_EVALUATIONS, ACCEPT_PAUSE = 60, 0.5

EXAMPLES = (
    "rollback --environment smartpack/prod",
    'rollback smartpack-prod-20250101T120000-3f9a01 --reason "wrong prices" --yes',
    'rollback smartpack-prod-20250101T120000-3f9a01 --accept --reason "moved forward by hand"',
    "rollback --environment smartpack/prod --to 1.1.0",
    "rollback --environment smartpack/prod --emergency",
)


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("deployment", required=False)
@click.option(
    "-e", "--environment", type=EnvironmentKey(), help="Roll back what is on its way there, else what is live."
)
@click.option("--reason", metavar="TEXT", default=UNSAID, show_default=True, help="Why; it is kept in the ledger.")
@click.option(
    "--to", "version", metavar="VERSION", help="Go back to an earlier version: its stored bundle is released again."
)
@click.option("--emergency", is_flag=True, help="At once, and do not ask; with --to, undo one release after the other.")
@click.option("--accept", is_flag=True, help="Put nothing back: free the held environment as it is now.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask (it asks only on a terminal).")
@timeout_option
@common
@pass_tools
def command(  # noqa: PLR0913, PLR0917 - click hands over every option
    tools: Tools,
    deployment: str | None,
    environment: str | None,
    reason: str,
    version: str | None,
    emergency: bool,
    accept: bool,
    yes: bool,
    timeout: float | None,
) -> None:
    """Put everything back as it was before DEPLOYMENT.

    With --environment: before what is on its way there, or else before what is live. With --to: to an earlier
    version, which goes through all checks and steps like any release; with --emergency as well, the releases after it
    are undone one after the other, and are not taken again.

    --emergency puts the visitors back before anything else is done. Every rollback is verified.

    Exit code 0 means that it was put back and verified, 1 that it was not.
    """
    if (deployment is None) == (environment is None):
        raise click.UsageError("Name either a DEPLOYMENT or an --environment.")
    if accept and (version or emergency):
        raise click.UsageError("--accept puts nothing back: it goes with neither --to nor --emergency.")
    if version is not None:
        if environment is None:
            raise click.UsageError("--to needs an --environment, such as smartpack/prod.")
        go_back(tools, environment, version, reason, emergency=emergency, yes=yes, timeout=timeout)
        return
    chosen = tools.account.ledger.get(deployment) if deployment else _of(tools, environment or "")
    if accept:
        _accept(tools, chosen, reason)
        return
    check_possible(chosen)
    if sys.stdin.isatty() and not yes and not emergency:
        click.confirm(question(tools.account.ledger.story(chosen.deployment_id)), abort=True, err=True)
    conclude(tools, _roll_back(tools, chosen, reason, timeout, emergency=emergency), BACK)


def _of(tools: Tools, environment: str) -> Deployment:
    tools.account.environment(environment)
    ledger = tools.account.ledger
    return to_roll_back(ledger.standing(environment), ledger.history(environment, RECENT))


def question(story: Story) -> str:
    """What a person is asked: what goes, from where, and what will be live again."""
    chosen, before = story.deployment, story.previous_version
    state = "live" if chosen.phase is Phase.SUCCEEDED else str(chosen.phase)
    release = f"{chosen.application} {chosen.version}".strip()
    return f"Roll back {release} ({state}) in {chosen.environment_key}{f' to {before}' if before else ''}?"


def _accept(tools: Tools, chosen: Deployment, reason: str) -> None:
    """Free the environment, and wait for that."""
    rollback = start_rollback(tools.account, chosen.deployment_id, reason, accept=True)
    for _ in range(ACCEPT_EVALUATIONS):
        if rollback.has_ended():
            break
        tools.sleep(ACCEPT_PAUSE)
    freed, why = rollback.outcome()
    if not freed:
        raise AdviceError(f"It was not freed: {why}", f"See how it stands: `selfright status {chosen.environment_key}`")
    document = {"deployment_id": chosen.deployment_id, "environment": chosen.environment_key, "accepted": True}
    tools.terminal.result(f"{chosen.environment_key} takes releases again, as it is now.", document)


def _roll_back(tools: Tools, chosen: Deployment, reason: str, timeout: float | None, *, emergency: bool) -> Story:
    known = tools.account.ledger.timeline(chosen.deployment_id)
    if emergency:
        _restore_traffic_now(tools, chosen, reason)
    rollback = start_rollback(tools.account, chosen.deployment_id, reason)
    tools.terminal.note(f"Rolling back {chosen.deployment_id}")
    story = follow(tools, chosen.deployment_id, over=rollback.is_over, timeout=timeout, known=known)
    if refusal := rollback.refusal(story.deployment):
        step = f"See what is live: `selfright status {chosen.environment_key}`"
        raise AdviceError(f"It was not rolled back: {refusal}", step)
    return story


def _restore_traffic_now(tools: Tools, chosen: Deployment, reason: str) -> None:
    """Whatever goes wrong here, the rollback machine does it again."""
    try:
        trouble = restore_traffic_now(tools.account, chosen.deployment_id, reason)
    except AwsError as error:
        trouble = str(error)
    tools.terminal.note(f"Not put back at once: {trouble}" if trouble else "The visitors are put back.")


def go_back(  # noqa: PLR0913 - the options of the command
    tools: Tools, environment: str, version: str, reason: str, *, emergency: bool, yes: bool, timeout: float | None
) -> None:
    """Go back to an earlier version of an environment."""
    tools.account.environment(environment)
    ledger = tools.account.ledger
    standing = ledger.standing(environment)
    if emergency:
        for one in way_back(tools.account, standing, version):
            story = _roll_back(tools, one, reason, timeout, emergency=True)
            if story.deployment.phase not in BACK:
                break
        conclude(tools, story, BACK)
    chosen = released_as(ledger.history(environment, ALL), environment, version)
    if sys.stdin.isatty() and not yes:
        live = standing.live.version if standing.live else "nothing"
        click.confirm(f"Release {version} again in {environment}, where {live} is live?", abort=True, err=True)
    sent = release_again(tools.account, chosen)
    tools.terminal.note(f"Releasing {version} again: deployment {sent.deployment_id}")
    conclude(tools, follow(tools, sent.deployment_id, timeout=timeout), LIVE)
