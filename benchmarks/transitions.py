"""`transitions`: state transitions of a release with two steps and two components, of a look, and what it costs."""

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Table
from benchmarks.history import PUT, TRANSITION, WRITE, Execution, lambda_dollars, read
from benchmarks.local import Aws, local_aws
from benchmarks.walk import Walk
from benchmarks.ways.selfright import Selfright
from benchmarks.workload import KB, MB, USUAL, Work, build
from selfright.local.installation import Care

WORK = Work(20, 1 * MB, 100 * KB)
JUDGE = {"look_seconds": 1, "period_seconds": 1, "minimum_requests": 0, "tolerance": 0.05}
TWO_STEPS = Care(steps=({"weight": 10, "bake": 2},), watch_seconds=2, judge=JUDGE)
LOOKS = range(1, 10)
GOAL, GOAL_LOOK = 25, 2


def run(rounds: int) -> list[Table]:
    """Release, and compare the execution's history with the walk through the machine's definition."""
    with local_aws(TWO_STEPS) as aws, TemporaryDirectory(prefix="selfright-bench-") as folder:
        selfright = Selfright(aws)
        selfright.reset()
        selfright.release(build(WORK, Path(folder) / "0", 0))
        executions = [_release(aws, selfright, Path(folder), number) for number in range(1, rounds + 1)]
        dollars = _dollars(aws, executions[-1])
    base, look = Walk(2, [1, 1]).transitions, Walk(2, [2, 1]).transitions - Walk(2, [1, 1]).transitions
    table = Table("State transitions: two components, two steps", ("", "measured", "goal"))
    table.rows.append(("all at once, no bake", Walk(2, [0]).transitions, ""))
    table.rows.append(("two steps with one look each", base, f"≤ {GOAL} + 2 looks × {GOAL_LOOK}"))
    table.rows.append(("every further look", look, f"≤ {GOAL_LOOK}"))
    table.rows.append(("dollars a release (20 files, two steps)", f"{dollars:.5f}", ""))
    table.notes.append(_agreement(executions))
    table.notes.append(
        "Cost: transitions, Lambda by the tasks' time here, about 30 writes to the ledger, PUTs; us-east-1."
    )
    return [table]


def _release(aws: Aws, selfright: Selfright, folder: Path, number: int) -> Execution:
    selfright.release(build(WORK, folder / str(number), number))
    if selfright.deployment is None:
        raise RuntimeError("there is no deployment")
    return read(aws, selfright.deployment.execution_arn)


def _agreement(executions: list[Execution]) -> str:
    """Whether the walk has as many tasks, and the same states at the top, as what really ran."""
    walks = {(walk.tasks, looks): walk for looks in LOOKS for walk in [Walk(2, [1, looks])]}
    for execution in executions:
        found = [looks for (tasks, looks) in walks if tasks == execution.tasks]
        if not found:
            return (
                f"The history has {execution.tasks} tasks, and no number of looks explains that: do not believe this."
            )
        walk = walks[execution.tasks, found[0]]
        if missing := set(execution.states) - set(walk.entered):
            return f"The history has the states {sorted(missing)}, and the definition's good way has not."
    looks = ", ".join(str(1 + looks) for e in executions for (tasks, looks) in walks if tasks == e.tasks)
    return (
        f"Counted along the definition; tasks and states agree with {len(executions)} real histories ({looks} looks)."
    )


def _dollars(aws: Aws, execution: Execution) -> float:
    tasks, seconds = execution.tasks, sum(min(one, 5.0) for one in execution.seconds)
    transitions = Walk(2, [1, 1]).transitions * TRANSITION
    return transitions + lambda_dollars(aws, tasks, seconds) + 30 * WRITE + (USUAL.changed + 5) * PUT
