"""`selfright prove`: measure what only a real account can settle."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from controller.aws.client.calls import calling
from selfright.cli import version
from selfright.cli.help import Command
from selfright.cli.tools import CommandTools, common, pass_tools
from selfright.cli.views.prove_page import page
from selfright.errors import AdviceError
from selfright.local_state import in_use
from selfright.proving.catalogue import FACTS
from selfright.proving.fact import Fact
from selfright.proving.facts import image
from selfright.proving.interrupts import Interrupts, undisturbed
from selfright.proving.outlook import needs_sandbox, question_of_controller, question_of_sandbox
from selfright.proving.releases.acts import RELEASES, releasing
from selfright.proving.remaking import acts as remaking
from selfright.proving.remaking.keeping import LocalCopy
from selfright.proving.remaking.remaker import ControllerRemaker
from selfright.proving.report import ProveReport, file_name, files
from selfright.proving.run import Prover
from selfright.proving.scene import RunClock, Scene, ServiceClients

IMAGE, REMADE = image.FACT.name, remaking.NAME
NAMES = (*(fact.name for fact in FACTS), RELEASES, IMAGE, REMADE)
ATTEMPTS = 10
"""So often a call about the controller's stack is tried: a refused one must not leave an account without controller."""

EXAMPLES = (
    "prove",
    "prove --yes --report reports/",
    "prove --only alias_lateness --only published_function",
    "prove --image",
    "prove --remake-controller",
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
    "--image",
    "with_image",
    is_flag=True,
    help=f"Also measure which rights an update of a container image needs ({IMAGE}).",
)
@click.option(
    "--remake-controller",
    "with_remake",
    is_flag=True,
    help=f"At the end, delete the controller and make it anew ({REMADE}); only where no application is registered.",
)
@click.option("--clean", is_flag=True, help="Only delete what an interrupted run has left.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@common
@pass_tools
def command(  # noqa: PLR0913, PLR0917 - click hands over every option
    tools: CommandTools,
    only: tuple[str, ...],
    folder: Path,
    with_image: bool,
    with_remake: bool,
    clean: bool,
    yes: bool,
) -> None:
    """Measure how late AWS really is.

    It also settles what else only a real account can tell. It deploys a small sandbox application with names of its
    own, tries each fact on it, makes three releases with visitors from this machine, rolls back, and deletes all of it
    again, also after Ctrl-C. The report is written as Markdown and as JSON, with what Selfright assumes beside every
    figure. Nothing else in the account is changed, unless you add --remake-controller.

    All of it takes about an hour and costs less than $0.10. It needs a controller, and the rights of an administrator.

    Exit code 0 means that it ran to its end, 1 that it could not.
    """
    say = undisturbed(tools.terminal.note)
    clock = RunClock()
    interrupts = Interrupts(say, clock.stop)
    prover = Prover(tools.account, say, ServiceClients(), clock, deleting=interrupts.deleting)
    remaker = ControllerRemaker(ServiceClients(ATTEMPTS), clock, say, interrupts.held)
    factor, elsewhere = _stand_in()
    if clean:
        with interrupts.listening():
            remaker.finish(factor)
            gone = prover.clean()
        tools.terminal.result("\n".join(gone) if gone else "Nothing was left.", {"deleted": gone})
        return
    remaker.check_finished()
    resources = tools.account.resources  # says what is missing before anything is asked
    wanted = {*only} | ({IMAGE} if with_image else set()) | ({REMADE} if with_remake else set())
    (account, region), began = _where(prover), tools.clock()
    copy = LocalCopy(folder, file_name(account, region, began))
    making = remaking.Remaking(tools.account, remaker, copy, prover.use)
    remade = making.fact()
    every = [*FACTS, releasing(tools.account), image.FACT, remade]
    facts = [fact for fact in every if fact.name in wanted or not (only or fact.name in {IMAGE, REMADE})]
    if remade in facts:
        making.check(prover.client)
    if needs_sandbox(facts):
        _ask(question_of_sandbox(account, region, facts, factor), yes=yes)
    if remade in facts:
        _ask(question_of_controller(resources.table, resources.bucket), yes=yes)

    def report() -> ProveReport:
        answers = prover.answers(facts)
        return ProveReport(account, region, version(), began, tools.clock(), answers, factor, elsewhere)

    written: list[str] = []
    try:
        with _scene(prover, interrupts, facts, factor) as scene:
            try:
                prover.measure(scene, facts)
            finally:  # before the sandbox is deleted: that may take long, and be given up
                written = _written(report(), folder) if prover.found else []
    finally:
        if written:
            done = report()
            tools.terminal.result(page(done, written), {**done.document(), "files": written})


@contextmanager
def _scene(prover: Prover, interrupts: Interrupts, facts: Sequence[Fact], factor: float) -> Iterator[Scene]:
    """Where the facts are measured: the sandbox, which is deleted at the end, unless none of them needs it."""
    if needs_sandbox(facts):
        with interrupts.listening(), prover.sandbox({}, factor) as scene:
            yield scene
    else:
        yield Scene({}, prover.client, prover.clock, factor)


def _stand_in() -> tuple[float, Mapping[str, Any]]:
    """How much shorter AWS's times are here, and what is measured instead of AWS; 1 and nothing in an account."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    if local := in_use():
        return local.factor, {"endpoint": endpoint, "weather": local.weather}
    return 1, {"endpoint": endpoint} if endpoint else {}


def _where(prover: Prover) -> tuple[str, str]:
    """The account's number and the region."""
    with calling("sts:GetCallerIdentity", "the caller"):
        account = str(prover.client("sts").get_caller_identity()["Account"])
    return account, str(prover.client("lambda").meta.region_name)


def _ask(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        message = "This makes resources in your account, and nobody can be asked here."
        raise AdviceError(message, "Add --yes; `selfright prove --help` says what it does and costs.")
    click.confirm(question, abort=True, err=True)


def _written(report: ProveReport, folder: Path) -> list[str]:
    """Write the report's files; returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in files(report).items():
        (folder / name).write_text(text, encoding="utf-8")
        written.append(str(folder / name))
    return written
