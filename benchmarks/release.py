"""`release`: the same work done in each way, against the same local AWS; every end state is checked."""

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
SLOW_ROUNDS = 1
"""Rounds with 5,000 files."""
GOALS = {"first": 0.35, "1 % changed": 0.25, "nothing changed": 0.2, "roll back": 0.15}
"""Task → the goal, as a share of the AWS CLI script's time."""


@dataclass
class Result:
    """The measurements of one way for one size of work."""

    name: str
    seconds: dict[str, list[float]] = field(default_factory=lambda: {task: [] for task in TASKS})
    requests: dict[str, int] = field(default_factory=dict)
    changing: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    def medians(self) -> list[float]:
        """The median of each task."""
        return [median(self.seconds[task]) for task in TASKS]


Measure = Callable[[str, Callable[[], float], Build], None]
"""Measures a task's action, after which the given build should be live."""


@dataclass
class Size:
    """One size of work, the ways that do it, the number of rounds, and the results."""

    work: Work
    ways: Sequence[Way]
    rounds: int

    def __post_init__(self) -> None:
        self.results = {way.name: Result(way.name) for way in self.ways}


def run(rounds: int) -> list[Table]:
    """All sizes, all ways: a round to warm up, the timed rounds in turn, and one that only counts requests."""
    with local_aws() as aws, TemporaryDirectory(prefix="selfright-bench-") as name:
        folder = Path(name)
        ours = Selfright(aws)
        ways: list[Way] = [ours, cli_script(aws), python_script(aws), Bare(aws)]
        deployers: list[Way] = [cdk.CdkDeploy(aws)] if cdk.available() else []
        _round(ours, USUAL, folder, partial(_timed, Result("warming up"), ours))
        ours.unstaged.clear()
        sizes = [
            Size(USUAL, [*ways, *deployers], rounds),
            Size(SMALL, ways, rounds),
            Size(LARGE, ways, min(rounds, SLOW_ROUNDS)),
        ]
        for size in sizes:
            for _ in range(size.rounds):
                for way in size.ways:
                    _round(way, size.work, folder, partial(_timed, size.results[way.name], way))
        closing = median(ours.unstaged)
        for way in [*ways, *deployers]:
            with _counted(aws, way) as counts:
                for size in sizes:
                    if way in size.ways:
                        _round(way, size.work, folder, partial(_count, size.results[way.name], aws, counts))
    tables = [_table(size.work, list(size.results.values())) for size in sizes]
    tables[0].notes.append(f"From *restored and verified* to `ROLLED_BACK`: {closing:.2f} s (median of all sizes)")
    return tables


def _round(way: Way, work: Work, folder: Path, measure: Measure) -> None:
    """Measure the tasks in order: first release, changes, the same again as a fresh build, and the rollback."""
    way.reset()
    before, after = build(work, folder / "before", 0), folder / "after"
    measure("first", lambda: way.release(before), before)
    changed = build(work, after, 1)
    measure("1 % changed", lambda: way.release(changed), changed)
    again = build(work, after, 1)
    measure("nothing changed", lambda: way.release(again), again)
    measure("roll back", lambda: way.roll_back(before), before)


def _timed(result: Result, way: Way, task: str, act: Callable[[], float], after: Build) -> None:
    result.seconds[task].append(act())
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
