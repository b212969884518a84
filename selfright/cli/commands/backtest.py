"""`selfright backtest`: replays the policy over the past days of an environment."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from controller.domain.deployment import Deployment
from controller.domain.environment import Environment
from controller.errors import AwsError
from selfright.account.past_requests import DAY, MINUTE, MINUTES_KEPT, Past, TrafficReader
from selfright.backtest.alarm_history import AlarmHistory, Firing
from selfright.backtest.incidents import Incident, incident
from selfright.backtest.report import Backtest, Report, functions_of
from selfright.cli.help import Command
from selfright.cli.terminal import Terminal
from selfright.cli.tools import CommandTools, EnvironmentKey, common, pass_tools
from selfright.cli.views import backtest_page
from selfright.errors import AdviceError

BROKEN_PROMISE = 1
WORSE = (0.5, 1.0, 5.0)
"""The default percentage points that are added to the canary's error rate."""
SHARE_OF_BAD = 5
"""For each size of a regression, so many times fewer virtual releases are made."""
RECENT = 1000
NO_HISTORY = "The history of the alarms may not be read, so this report leaves them out."

EXAMPLES = (
    "backtest --environment smartpack/prod --days 7",
    "backtest -e smartpack/prod --days 14 --releases 5000 --worse 0.2 --worse 2",
    "backtest -e smartpack/prod --output json",
)


@click.command(cls=Command, examples=EXAMPLES)
@click.option("-e", "--environment", type=EnvironmentKey(), required=True, help="Such as smartpack/prod.")
@click.option("--days", metavar="N", type=click.IntRange(1, 400), default=7, show_default=True, help="How far back.")
@click.option(
    "--releases",
    metavar="N",
    type=click.IntRange(20, 100_000),
    default=1000,
    show_default=True,
    help="How many virtual releases.",
)
@click.option(
    "--worse",
    type=click.FloatRange(0, 100, min_open=True),
    multiple=True,
    metavar="POINTS",
    help="Percentage points by which bad releases fail more often; repeatable.  [default: 0.5, 1, 5]",
)
@click.option(
    "--seed", metavar="N", type=int, default=1, show_default=True, help="The same seed makes the same releases."
)
@common
@pass_tools
def command(  # noqa: PLR0913, PLR0917 - click hands over every option
    tools: CommandTools, environment: str, days: int, releases: int, worse: tuple[float, ...], seed: int
) -> None:
    """Replay the policy over past days.

    Makes virtual releases at random moments: the requests of those minutes are divided by chance between stable and a
    canary, and judged as a release would be. Says how many good ones would have been rolled back, how fast bad ones
    would have been caught, and how fast each deployment that was rolled back would have been, with and without alarms.

    Exit code 0 means that the result is consistent with the promised risk of a false rollback, 1 that it is not.
    """
    account, until = tools.account, tools.clock()
    chosen, notes = account.environment(environment), list(_notes(days))
    since = until - timedelta(days=days)
    test = _prepared(chosen, until, days, seed)
    sizes = sorted(set(worse or WORSE))
    firings = _firings(chosen, test.since, until)
    with _progress(tools.terminal, releases + len(sizes) * max(20, releases // SHARE_OF_BAD)) as progress:
        report = _played(test, releases, sizes, firings, progress)
    found = tuple(_incidents(tools, chosen, since))
    notes += [] if firings is not None else [NO_HISTORY]
    report = replace(report, incidents=found, notes=(*report.notes, *notes))
    tools.terminal.result(backtest_page.shown(report), backtest_page.document(report))
    if not report.keeps_its_promise:
        sys.exit(BROKEN_PROMISE)


def _notes(days: int) -> Iterator[str]:
    if days * DAY > MINUTES_KEPT:
        kept = MINUTES_KEPT // DAY
        yield f"CloudWatch keeps minutes for {kept} days: virtual releases are made in the last {kept}, not in {days}."


def _prepared(environment: Environment, until: datetime, days: int, seed: int) -> Backtest:
    """With the traffic of every function by the minute."""
    functions = functions_of(environment)
    if not functions:
        step = "Sites and settings are not measured by revision; only functions are judged by their numbers."
        raise AdviceError(f"{environment.key} has no function whose traffic could be replayed.", step)
    minute = until.replace(second=0, microsecond=0)
    since = minute - timedelta(seconds=min(days * DAY, MINUTES_KEPT))
    reader = TrafficReader()
    past: dict[str, Past] = {name: reader.read(target, since, minute, MINUTE) for name, target in functions.items()}
    return Backtest(environment, {name: one for name, one in past.items() if one.counts}, since, minute, seed)


def _played(
    test: Backtest,
    releases: int,
    sizes: Sequence[float],
    firings: Sequence[Firing] | None,
    progress: Callable[[int], None],
) -> Report:
    environment = test.environment
    report = Report(environment.key, test.since, test.until, test.steps, environment.judge.alpha)
    if not test.past:
        return replace(report, notes=("No request was measured in this time, so there are no visitors to release to.",))
    if not test.virtual.watched:
        return replace(report, notes=("This strategy compares nothing: only alarms, checks and limits guard it.",))
    few = max(20, releases // SHARE_OF_BAD)
    return replace(
        report,
        traffic={name: one.total for name, one in test.past.items()},
        hours=len({at for one in test.past.values() for at in one.counts}) * MINUTE / 3600,
        good=test.good(releases, firings, progress),
        bad=tuple(test.bad(few, size / 100, progress) for size in sizes),
    )


def _firings(environment: Environment, since: datetime, until: datetime) -> list[Firing] | None:
    """None when they may not be read (or the local AWS keeps no history)."""
    try:
        return AlarmHistory().firings(environment.deployment_preference.alarms, since, until)
    except AwsError:
        return None


def _incidents(tools: CommandTools, environment: Environment, since: datetime) -> Iterator[Incident]:
    """Every deployment that was tripped after visitors had got it, the oldest first."""
    ledger = tools.account.ledger
    recent = [one for one in ledger.history(environment.key, RECENT) if one.created_at >= since]
    for one in reversed(recent):
        if one.trip and one.trip.source != "person" and one.steps and (shifted := _first_shift(tools, one)):
            yield incident(one, ledger.evaluations(one.deployment_id), shifted, environment.judge)


def _first_shift(tools: CommandTools, one: Deployment) -> datetime | None:
    timeline = tools.account.ledger.timeline(one.deployment_id)
    return next((event.at for event in timeline if event.kind == "shifted"), None)


@contextmanager
def _progress(terminal: Terminal, releases: int) -> Iterator[Callable[[int], None]]:
    if not terminal.err.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("Virtual releases"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=terminal.err, transient=True) as progress:
        task = progress.add_task("", total=releases)
        yield lambda count: progress.advance(task, count)
