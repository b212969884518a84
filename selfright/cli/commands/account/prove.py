"""`selfright prove`: measure what only a real account can settle."""

import signal
import sys
from pathlib import Path

import click

from controller.aws.client.calls import calling
from selfright.cli import version
from selfright.cli.help import Command
from selfright.cli.tools import CommandTools, common, pass_tools
from selfright.cli.views.prove_page import page
from selfright.errors import AdviceError
from selfright.proving.catalogue import FACTS
from selfright.proving.fact import Fact
from selfright.proving.facts import image
from selfright.proving.names import STACK
from selfright.proving.releases.acts import releasing
from selfright.proving.report import ProveReport, files
from selfright.proving.run import Prover
from selfright.proving.scene import RunClock, ServiceClients

RELEASES = "releases"
NAMES = (*(fact.name for fact in FACTS), RELEASES)
QUESTION = f"""\
This creates the stack {STACK} in account {{account}}, {{region}}: three functions, an HTTP API, a site behind
CloudFront, a table, a topic, a queue and three alarms. It measures, makes three releases, and deletes all of it again.
It takes about an hour and costs less than $0.10 (us-east-1). Go on?"""

EXAMPLES = (
    "prove",
    "prove --yes --report reports/",
    "prove --only alias_lateness --only published_function",
    "prove --image",
    "prove --clean",
)


@click.command(cls=Command, examples=EXAMPLES)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(NAMES),
    metavar="FACT",
    help="Measure this fact only; repeat it for more.",
)
@click.option(
    "--report",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder for the report.",
)
@click.option(
    "--image", "with_image", is_flag=True, help="Also measure which rights an update of a container image needs."
)
@click.option("--clean", is_flag=True, help="Only delete what an interrupted run has left.")
@click.option(
    "--factor",
    type=click.FloatRange(min=0, min_open=True, max=1),
    default=1.0,
    help="How much shorter AWS's times are here; only for a local AWS.",
)
@click.option("--api-url", default="", metavar="URL", help="Where the API is reached, if not at its own address.")
@click.option("--site-url", default="", metavar="URL", help="Where the site is reached, if not at its own address.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@common
@pass_tools
def command(  # noqa: PLR0913, PLR0917 - click hands over every option
    tools: CommandTools,
    only: tuple[str, ...],
    folder: Path,
    with_image: bool,
    clean: bool,
    factor: float,
    api_url: str,
    site_url: str,
    yes: bool,
) -> None:
    """Measure how late AWS really is.

    It also settles what else only a real account can tell. It deploys a small sandbox application with names of its
    own, tries each fact on it, makes three releases with visitors from this machine, rolls back, and deletes all of it
    again, also after Ctrl-C. The report is written as Markdown and as JSON, with what Selfright assumes beside every
    figure. Nothing else in the account is changed.

    It takes about an hour and costs less than $0.10. It needs a controller, and the rights of an administrator.

    Exit code 0 means that it ran to its end, 1 that it could not.
    """
    prover = Prover(tools.account, tools.terminal.note, ServiceClients(), RunClock())
    _ = tools.account.resources  # says what is missing before anything is asked
    _stop_on_signals()
    if clean:
        gone = prover.clean()
        tools.terminal.result("\n".join(gone) if gone else "Nothing was left.", {"deleted": gone})
        return
    account, region = _where(prover)
    _ask(account, region, yes=yes)
    facts = _chosen(tools, only, with_image=with_image)
    began = tools.clock()
    try:
        with prover.sandbox({"ApiDomain": api_url, "SiteDomain": site_url}, factor) as scene:
            prover.measure(scene, facts)
    finally:
        if prover.found:
            answers = prover.answers(facts)
            report = ProveReport(account, region, version(), began, tools.clock(), answers, factor)
            _show(tools, report, folder)


def _chosen(tools: CommandTools, only: tuple[str, ...], *, with_image: bool) -> list[Fact]:
    every = [*FACTS, releasing(tools.account)]
    return [*([image.FACT] if with_image else []), *(fact for fact in every if not only or fact.name in only)]


def _where(prover: Prover) -> tuple[str, str]:
    """The account's number and the region."""
    with calling("sts:GetCallerIdentity", "the caller"):
        account = str(prover.client("sts").get_caller_identity()["Account"])
    return account, str(prover.client("lambda").meta.region_name)


def _ask(account: str, region: str, *, yes: bool) -> None:
    said = QUESTION.format(account=account, region=region)
    if yes:
        return
    if not sys.stdin.isatty():
        message = "This makes resources in your account, and nobody can be asked here."
        raise AdviceError(message, "Add --yes; `selfright prove --help` says what it does and costs.")
    click.confirm(said, abort=True, err=True)


def _stop_on_signals() -> None:
    """A closed terminal or a `kill` is Ctrl-C: the sandbox is deleted before this ends."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), interrupt)


def _show(tools: CommandTools, report: ProveReport, folder: Path) -> None:
    """Write the report's files, and print the result."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in files(report).items():
        (folder / name).write_text(text, encoding="utf-8")
        written.append(str(folder / name))
    tools.terminal.result(page(report, written), {**report.document(), "files": written})
