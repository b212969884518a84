"""`selfright release`: upload a release and watch it until it has ended."""

import shlex
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from controller.domain.phases import Phase
from selfright.account.releasing import Bundle, Sent, bundled, send
from selfright.cli.help import Command
from selfright.cli.terminal import Terminal
from selfright.cli.tools import (
    CommandTools,
    Reason,
    allow_option,
    build_option,
    builder,
    common,
    pass_tools,
    source_argument,
    target_option,
)
from selfright.cli.watching import conclude, timeout_option, watch
from selfright.packing.no_secrets import NOTHING, NoSecrets
from selfright.wording import size

LIVE = frozenset({Phase.SUCCEEDED})

watch_option = click.option(
    "--watch/--no-watch", "watching", default=True, help="Watch it until it has ended (the default)."
)

EXAMPLES = (
    "release build/ --environment smartpack/prod",
    "release smartpack-1.1.0.zip -e smartpack/prod --no-watch",
    "release build/ -e smartpack/prod --output json > result.json",
    'release build/ -e smartpack/prod --hotfix --reason "Stops the timeouts that fire the alarm"',
)


@click.command(cls=Command, examples=EXAMPLES)
@source_argument
@target_option
@watch_option
@click.option("--hotfix", is_flag=True, help="The release corrects the cause of a firing alarm: ignore that alarm.")
@click.option(
    "--reason",
    type=Reason(),
    metavar="TEXT",
    default="",
    help="Why it is a hotfix; the ledger keeps it with your name.",
)
@timeout_option
@build_option
@allow_option
@common
@pass_tools
def command(  # noqa: PLR0913, PLR0917 - click hands over every option
    tools: CommandTools,
    source: Path,
    environment: str,
    watching: bool,
    hotfix: bool,
    reason: str,
    timeout: float | None,
    building: bool,
    allow: NoSecrets,
) -> None:
    """Release FOLDER_OR_ZIP to an environment and watch it.

    A folder is bundled first. Exit code 0 means that the release is live; 1 that it was rejected, rolled back or
    superseded, or could not be watched. With --no-watch, 0 means that it was uploaded.

    While an alarm is firing, only a --hotfix with a --reason is released. This deployment ignores the alarms that fire
    when it begins; the comparison of both versions replaces them.
    """
    sent = upload(tools, source, environment, allow, building=building, hotfix=_why(hotfix, reason))
    report(tools, sent, watching=watching, timeout=timeout, source=str(source))


def report(tools: CommandTools, sent: Sent, *, watching: bool, timeout: float | None, source: str = "") -> None:
    """Watch what was sent from `source` until it has ended, or say how to do that."""
    if watching:
        conclude(tools, watch(tools, sent.deployment_id, timeout=timeout), LIVE, shlex.quote(source) if source else "")
    hint = tools.terminal.commands(f"watch {sent.deployment_id}")
    document = {"deployment_id": sent.deployment_id, "upload": _document(sent)}
    tools.terminal.result(f"{sent.deployment_id}\nWatch it: {hint}", document)


def _why(hotfix: bool, reason: str) -> str:
    """The reason of a hotfix; "" without one."""
    if hotfix and not reason.strip():
        raise click.UsageError('A hotfix ignores a firing alarm: say why, with --reason "…".')
    if reason and not hotfix:
        raise click.UsageError("--reason says why it is a --hotfix: give both or none.")
    return reason.strip()


def upload(  # noqa: PLR0913 - the release, its place, and its options
    tools: CommandTools,
    source: Path,
    environment: str,
    allowed: NoSecrets = NOTHING,
    *,
    building: bool = True,
    hotfix: str = "",
) -> Sent:
    """Bundle (if it is a folder) and upload, with progress on stderr."""
    with tempfile.TemporaryDirectory(prefix="selfright-") as folder:
        bundle = bundled(source, Path(folder), allowed, builder(tools, building))
        tools.say_allowed(allowed)
        with _progress(tools.terminal, bundle) as uploaded:
            sent = send(tools.account, bundle, environment, uploaded, hotfix)
    tools.terminal.note(f"Uploaded {bundle.object_name} ({size(bundle.size)}) for {environment}.")
    tools.terminal.note(f"Deployment {sent.deployment_id}")
    return sent


@contextmanager
def _progress(terminal: Terminal, bundle: Bundle) -> Iterator[Callable[[int], None]]:
    if not terminal.err.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("Uploading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=terminal.err, transient=True) as progress:
        task = progress.add_task("", total=bundle.size)
        yield lambda count: progress.advance(task, count)


def _document(sent: Sent) -> dict[str, str]:
    return {"bucket": sent.upload.bucket, "key": sent.upload.key, "version_id": sent.upload.version_id}
