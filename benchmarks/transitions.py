"""`transitions`: state transitions of a release with two steps and two components, and what they cost."""

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Table
from benchmarks.history import PUT, TRANSITION, WRITE, Execution, lambda_dollars, read
from benchmarks.local import Aws, local_aws
from benchmarks.walk import Walk
from benchmarks.ways.selfright import Selfright
from benchmarks.workload import KB, MB, USUAL, Work, build
from selfright.local.installation import LocalPreference

WORK = Work(20, 1 * MB, 100 * KB)
JUDGE = {"evaluate_every": "1s", "period": "1s", "minimum_requests": 0, "tolerance": 0.05}
TWO_STEPS = LocalPreference(steps=({"weight": 10, "bake": "2s"},), final_bake="2s", judge=JUDGE)
EVALUATIONS = range(1, 10)
GOAL, GOAL_EVALUATION = 25, 2


def run(rounds: int) -> list[Table]:
    """Release, and compare the execution's history with a walk through the machine's definition."""
    with local_aws(TWO_STEPS) as aws, TemporaryDirectory(prefix="selfright-bench-") as folder:
        selfright = Selfright(aws)
        selfright.reset()
        selfright.release(build(WORK, Path(folder) / "0", 0))
        executions = [_release(aws, selfright, Path(folder), number) for number in range(1, rounds + 1)]
        dollars = _dollars(aws, executions[-1])
    base, evaluation = Walk(2, [1, 1]).transitions, Walk(2, [2, 1]).transitions - Walk(2, [1, 1]).transitions
    table = Table("State transitions: two components, two steps", ("", "measured", "goal"))
    table.rows.append(("all at once, no bake", Walk(2, [0]).transitions, ""))
    table.rows.append(("two steps with one evaluation each", base, f"≤ {GOAL} + 2 evaluations × {GOAL_EVALUATION}"))
    table.rows.append(("every further evaluation", evaluation, f"≤ {GOAL_EVALUATION}"))
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
    """Whether the walk has as many tasks as the real executions, and the same states at the top."""
    walks = {(walk.tasks, evaluations): walk for evaluations in EVALUATIONS for walk in [Walk(2, [1, evaluations])]}
    for execution in executions:
        found = [evaluations for (tasks, evaluations) in walks if tasks == execution.tasks]
        if not found:
            return f"The history has {execution.tasks} tasks, which no number of evaluations explains."
        walk = walks[execution.tasks, found[0]]
        if missing := set(execution.states) - set(walk.entered):
            return (
                f"The history has the states {sorted(missing)}, which a good release does not have by the definition."
            )
    evaluations = ", ".join(
        str(1 + evaluations) for e in executions for (tasks, evaluations) in walks if tasks == e.tasks
    )
    return f"Counted along the definition; it agrees with {len(executions)} real histories ({evaluations} evaluations)."


def _dollars(aws: Aws, execution: Execution) -> float:
    tasks, seconds = execution.tasks, sum(min(one, 5.0) for one in execution.seconds)
    transitions = Walk(2, [1, 1]).transitions * TRANSITION
    return transitions + lambda_dollars(aws, tasks, seconds) + 30 * WRITE + (USUAL.changed + 5) * PUT
