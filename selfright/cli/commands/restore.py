"""`selfright restore`: recover from the restore point of a deployment, with your own credentials."""

import sys
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.text import Text

from controller.errors import SelfrightError
from selfright.cli.help import Command
from selfright.cli.tools import CommandTools, DeploymentId, common, pass_tools
from selfright.components.recovered import RecoveryStep
from selfright.errors import AdviceError, advise
from selfright.recovery.restoring import Done, Restoration, restoration
from selfright.wording import Commands, clean

EXAMPLES = (
    "restore smartpack-prod-20250101T120000-3f9a01 --dry-run",
    "restore smartpack-prod-20250101T120000-3f9a01 --component api",
    "restore smartpack-prod-20250101T120000-3f9a01 --bucket selfright-artifacts --yes",
)
SIGNS = {"do": "→", "note": "·", "cannot": "✗"}


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("deployment", type=DeploymentId())
@click.option("--component", metavar="NAME", help="Only this component; a database is restored only if it is named.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option(
    "--bucket", metavar="NAME", help="Read the restore point from this bucket, without controller and ledger."
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask (it asks only on a terminal).")
@common
@pass_tools
def command(  # noqa: PLR0913, PLR0917 - click hands over every option
    tools: CommandTools, deployment: str, component: str | None, dry_run: bool, bucket: str | None, yes: bool
) -> None:
    """Recover what was live before DEPLOYMENT.

    It works from the deployment's restore point, for what a rollback cannot restore: an alias, a version, files,
    parameters or an API that a person changed or deleted. It uses your own credentials, not the controller's, and
    shows all steps before it carries them out. It does nothing while a deployment is on its way in the environment.

    Exit code 0 means that everything is as it was then, and verified; with --dry-run, that it could be restored.
    """
    recovery = restoration(tools.account, deployment, bucket)
    steps = recovery.plan(component)
    tools.terminal.note(_shown(recovery, steps, tools.terminal.commands))
    todo = [step for step in steps if step.level == "do"]
    possible = not any(step.level == "cannot" for step in steps)
    if dry_run:
        _conclude(tools, recovery, Done(steps), restored=None, good=possible)
    if todo and sys.stdin.isatty() and not yes:
        click.confirm(f"Do this in {recovery.manifest.environment_key}?", abort=True, err=True)
    done = _run(recovery, steps, component)
    _conclude(tools, recovery, done, restored=not done.trouble, good=possible and not done.trouble)


def _run(recovery: Restoration, steps: Sequence[RecoveryStep], component: str | None) -> Done:
    try:
        return recovery.run(steps, component)
    except AdviceError:
        raise
    except SelfrightError as error:
        advice = advise(error)
        again = f"Run it again to continue: `selfright restore {recovery.manifest.deployment_id}`"
        raise AdviceError(str(advice), " ".join(filter(None, (advice.next_step, again)))) from error


def _shown(recovery: Restoration, steps: Sequence[RecoveryStep], commands: Commands) -> RenderableType:
    manifest = recovery.manifest
    head = f"Before {manifest.deployment_id}, recorded {manifest.recorded_at:%Y-%m-%d %H:%M:%S} UTC:"
    lines = [f"  {SIGNS[step.level]} {clean(step.component)}: {commands.said(step.text)}" for step in steps]
    return Group(Text(head), *(Text(line) for line in lines or ["  everything is as it was then"]))


def _conclude(tools: CommandTools, recovery: Restoration, done: Done, *, restored: bool | None, good: bool) -> None:
    manifest = recovery.manifest
    document: dict[str, Any] = {
        "deployment_id": manifest.deployment_id,
        "environment": manifest.environment_key,
        "restored": restored,
        "steps": [{"component": one.component, "what": one.level, "text": one.text} for one in done.steps],
        "trouble": list(done.trouble),
    }
    if restored is None:
        said = "Nothing was done: this was a dry run."
    elif restored:
        said = f"{manifest.environment_key} is as it was before {manifest.deployment_id}; verified."
    else:
        key = manifest.environment_key
        leave = f'run this again, or accept the present state: `selfright unlock {key} --reason "…"`'
        held = [] if recovery.deployment is None else [f"Until it is, {key} takes no release: {leave}"]
        said = "\n".join(["Not everything is as it was:", *(f"  {clean(one)}" for one in done.trouble), *held])
        said = tools.terminal.commands.within(said)
    tools.terminal.result(said, document)
    raise click.exceptions.Exit(0 if good else 1)
