"""`release`: the same work by every way, side by side against the same local AWS; every end state is looked at."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.counting import Counts, counting
from benchmarks.figures import Table, median, ratio
from benchmarks.local import Aws, local_aws
from benchmarks.ways import Way, cdk
from benchmarks.ways.bare import Bare
from benchmarks.ways.scripts import cli_script, python_script
from benchmarks.ways.selfright import Selfright
from benchmarks.workload import LARGE, SMALL, USUAL, Build, Work, build

TASKS = ("first", "1 % changed", "nothing changed", "roll back")
SLOW_ROUNDS = 2
"""Rounds with 5,000 files."""
GOALS = {"first": 0.4, "1 % changed": 0.25, "nothing changed": 0.2, "roll back": 0.15}
"""Of the AWS CLI script's time."""


@dataclass
class Result:
    """What one way took for one size of work."""

    name: str
    seconds: dict[str, list[float]] = field(default_factory=lambda: {task: [] for task in TASKS})
    requests: dict[str, int] = field(default_factory=dict)
    changing: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    def medians(self) -> list[float]:
        """One for each task."""
        return [median(self.seconds[task]) for task in TASKS]


Measure = Callable[[str, Callable[[], float], Build], None]


def run(rounds: int) -> list[Table]:
    """All sizes, all ways."""
    with local_aws() as aws:
        ways: list[Way] = [Selfright(aws), cli_script(aws), python_script(aws), Bare(aws)]
        if cdk.available():
            ways.append(cdk.CdkDeploy(aws))
        return [_table(work, _measured(aws, some, work, times)) for work, times, some in _sizes(rounds, ways)]


def _sizes(rounds: int, ways: Sequence[Way]) -> list[tuple[Work, int, Sequence[Way]]]:
    quick = [way for way in ways if not isinstance(way, cdk.CdkDeploy)]
    return [(USUAL, rounds, ways), (SMALL, rounds, quick), (LARGE, min(rounds, SLOW_ROUNDS), quick)]


def _measured(aws: Aws, ways: Sequence[Way], work: Work, rounds: int) -> list[Result]:
    """One round to warm up, the timed rounds in turn, and one through the counting proxy, which is not timed."""
    results = {way.name: Result(way.name) for way in ways}
    with TemporaryDirectory(prefix="selfright-bench-") as folder:
        for number in range(rounds + 1):
            for way in ways:
                _round(way, work, Path(folder), partial(_timed, results[way.name], way, kept=number > 0))
        for way in ways:
            with _counted(aws, way) as counts:
                _round(way, work, Path(folder), partial(_count, results[way.name], aws, counts))
    return list(results.values())


def _round(way: Way, work: Work, folder: Path, measure: Measure) -> None:
    """From nothing: the first release, one with changes, the same once more as a fresh build, and back."""
    way.reset()
    before, after = build(work, folder / "before", 0), folder / "after"
    measure("first", lambda: way.release(before), before)
    changed = build(work, after, 1)
    measure("1 % changed", lambda: way.release(changed), changed)
    again = build(work, after, 1)
    measure("nothing changed", lambda: way.release(again), again)
    measure("roll back", lambda: way.roll_back(before), before)


def _timed(  # noqa: PLR0913 - who, what, and what should be
    result: Result, way: Way, task: str, act: Callable[[], float], after: Build, *, kept: bool
) -> None:
    seconds = act()
    if kept:
        result.seconds[task].append(seconds)
    if wrong := way.wrong(after):
        result.wrong[task] = f"{task}: {len(wrong)} wrong, {wrong[0]}"


def _count(result: Result, aws: Aws, counts: Counts, task: str, act: Callable[[], float], _after: Build) -> None:
    counts.clear()
    act()
    result.requests[task] = counts.total
    result.changing[task] = counts.changing(aws.site.bucket)


@contextmanager
def _counted(aws: Aws, way: Way) -> Iterator[Counts]:
    with counting(aws.endpoint) as (address, counts):
        way.use(address)
        try:
            yield counts
        finally:
            way.use(aws.endpoint)


def _table(work: Work, results: Sequence[Result]) -> Table:
    table = Table(f"A release of {work}", ("seconds (median)", *TASKS, "requests", "end state"))
    script = next((result for result in results if "CLI" in result.name), None)
    for result in results:
        wrong = "; ".join(result.wrong.values())
        requests = " / ".join(str(result.requests.get(task, "–")) for task in TASKS)
        table.rows.append((result.name, *result.medians(), requests, wrong or "right"))
    if script:
        pairs = zip(results[0].medians(), script.medians(), strict=True)
        table.rows.append(("Selfright ÷ script", *(ratio(ours, theirs) for ours, theirs in pairs), "", ""))
        table.rows.append(("goal", *(f"≤ {GOALS[task]}×" for task in TASKS), "", ""))
        changing = results[0].changing.get("nothing changed", 0)
        table.notes.append(f"Selfright's requests that change the application when nothing changed: {changing}")
    if work is USUAL and all(result.name != cdk.CdkDeploy.name for result in results):
        table.notes.append(cdk.MISSING)
    return table
