"""`python -m tests.simulation`: run one seed and print its timeline, or explore many.

./dev simulate --seed 7 [--scenario plain] [--shrink]     one run
./dev simulate --hours 2 [--seed 1000]                     seeds from this one on, in two processes
./dev simulate --plan FILE                                 a plan that was written down
"""
# ruff: noqa: T201 - a command-line tool prints

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.simulation.plan import Plan
from tests.simulation.run import Outcome, run
from tests.simulation.scenarios import SCENARIOS, SOUP, plan_of
from tests.simulation.shrink import shrink

PROCESSES, BATCH = 2, 20
HOUR = 3600


def main(arguments: list[str]) -> int:
    """The exit code: 1 when an invariant was violated."""
    parser = argparse.ArgumentParser(prog="./dev simulate", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="the run, or the first of many")
    parser.add_argument(
        "--scenario", choices=[*sorted(SCENARIOS), SOUP], default="", help="this one, not one by chance"
    )
    parser.add_argument("--hours", type=float, help="explore for so long")
    parser.add_argument("--shrink", action="store_true", help="make a run that fails as simple as possible")
    parser.add_argument("--plan", type=Path, help="a file with a plan, as a failing run prints it")
    parser.add_argument("--quiet", action="store_true", help="without the timeline")
    given = parser.parse_args(arguments)
    if given.hours is not None:
        return explore(given.seed, given.hours * HOUR, given.scenario)
    plan = Plan.of(json.loads(given.plan.read_text())) if given.plan else plan_of(given.seed, given.scenario)
    outcome = run(plan)
    if given.shrink and outcome.violations:
        outcome = run(shrink(plan, lambda simpler: bool(run(simpler).violations)))
    tell(outcome, timeline=not given.quiet)
    return 1 if outcome.violations else 0


def tell(outcome: Outcome, *, timeline: bool) -> None:
    """Print a run: what was planned, what happened, how it ended."""
    print(outcome.plan)
    if timeline:
        print(*outcome.history, sep="\n")
    print(f"{outcome.calls} calls, {outcome.seconds / 60:.0f} minutes of virtual time: {', '.join(outcome.phases)}")
    if outcome.violations:
        print(f"plan: {json.dumps(outcome.plan.document())}")
    print(*(outcome.violations or ["No violation."]), sep="\n")


def explore(seed: int, seconds: float, scenario: str) -> int:
    """Run seeds from this one on, until the time is over; print those that fail."""
    began, runs, calls = time.monotonic(), 0, 0
    found: Counter[str] = Counter()
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        batches = _batches(seed)
        working = {pool.submit(_run_batch, next(batches), scenario) for _ in range(2 * PROCESSES)}
        while working:
            done = next((one for one in working if one.done()), None)
            if done is None:
                time.sleep(0.05)
                continue
            working.remove(done)
            for failing, number in done.result():
                runs, calls = runs + 1, calls + number
                if failing:
                    found.update(failing[1:])
                    print(*failing, sep="\n    ", flush=True)
            if time.monotonic() - began < seconds:
                working.add(pool.submit(_run_batch, next(batches), scenario))
    took = time.monotonic() - began
    print(f"{runs} runs with {calls:,} calls in {took / 60:.1f} minutes, from seed {seed} on.")
    print(f"{sum(found.values())} violations" + (":" if found else "."))
    for text, count in found.most_common(20):
        print(f"{count:6} {text}")
    return 1 if found else 0


def _batches(seed: int) -> Iterator[range]:
    while True:
        yield range(seed, seed + BATCH)
        seed += BATCH


def _run_batch(seeds: range, scenario: str) -> list[tuple[list[str], int]]:
    """For each seed: nothing or what to print of it, and its calls."""
    told = []
    for seed in seeds:
        plan = plan_of(seed, scenario)
        try:
            outcome = run(plan)
        except Exception as error:  # noqa: BLE001 - a seed that breaks the simulator itself is told as well
            told.append(([f"seed {seed}, {plan.scenario}", f"the simulator broke: {error!r}"], 0))
            continue
        failing = [f"seed {seed}, {plan.scenario}", *outcome.violations] if outcome.violations else []
        told.append((failing, outcome.calls))
    return told


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
