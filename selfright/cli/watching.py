"""Watches a deployment on the command line: the picture, the result, the exit code, and Ctrl-C."""

from collections.abc import Callable, Sequence

import click

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from controller.domain.timeline import TimelineEvent
from controller.errors import SelfrightError
from selfright.account.status import DeploymentRecord
from selfright.account.watching import NeverAppearedError, is_over
from selfright.cli.tools import CommandTools, Length
from selfright.cli.views import deployment_page, documents
from selfright.cli.views.narrator import narrating
from selfright.errors import AdviceError, advise

INTERRUPTED = 130
timeout_option = click.option(
    "--timeout",
    type=Length(),
    metavar="DURATION",
    help="Such as 10m: watch no longer than this (exit code 1); the release or rollback continues by itself.",
)


def watch(
    tools: CommandTools,
    deployment_id: str,
    *,
    over: Callable[[Deployment], bool] = is_over,
    timeout: float | None = None,
    known: Sequence[TimelineEvent] = (),
) -> DeploymentRecord:
    """Watch a deployment until it is over, and show its events except the `known` ones; returns its record.

    Exits with 130 on Ctrl-C, after saying that the release continues. Raises `AdviceError` when watching failed.
    """
    try:
        with narrating(tools.terminal, deployment_id, tools.clock) as see:
            tools.watcher.watch(deployment_id, see, over=over, timeout=timeout, known=known)
        return tools.account.ledger.record(deployment_id)
    except KeyboardInterrupt:
        _say_that_it_continues(tools, deployment_id)
        raise click.exceptions.Exit(INTERRUPTED) from None
    except NeverAppearedError:
        raise
    except SelfrightError as error:
        advice = advise(error)
        again = f"The release continues by itself. Watch it again: `selfright watch {deployment_id}`"
        raise AdviceError(str(advice), " ".join(filter(None, (advice.next_step, again)))) from error


def conclude(tools: CommandTools, record: DeploymentRecord, good: frozenset[Phase], source: str = "") -> None:
    """Print how it ended; exits with 0 if that is one of the `good` phases, otherwise with 1.

    `source` is the folder or file that was released, if it is known.
    """
    shown = deployment_page.summary(record, tools.terminal.commands, source=source)
    tools.terminal.result(shown, documents.record(record))
    raise click.exceptions.Exit(0 if record.deployment.phase in good else 1)


def _say_that_it_continues(tools: CommandTools, deployment_id: str) -> None:
    commands, note = tools.terminal.commands, tools.terminal.note
    note("\nNo longer watched; the release continues by itself.")
    note(f"Watch it again: {commands(f'watch {deployment_id}')}")
    note(f"Roll it back:   {commands(f'rollback {deployment_id}')}")
