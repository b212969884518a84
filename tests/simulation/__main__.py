"""`python -m tests.simulation`: run one seed and print its timeline, or explore many.

./dev simulate --seed 7 [--scenario plain] [--shrink]     one run
./dev simulate --hours 2 [--seed 1000]                     seeds from this one on, in two processes
./dev simulate --sweep [--scenario plain]                  every fault at every call, one at a time
./dev simulate --plan FILE                                 a plan that was written down
./dev simulate --seed 7 --weather aws                      one run in which AWS is late; also with --hours
"""
# ruff: noqa: T201 - a command-line tool prints

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from itertools import chain, count, islice
from multiprocessing import get_context
from pathlib import Path

from selfright.weather import CLIMATES, Climate
from tests.simulation.plan import Plan
from tests.simulation.run import Outcome, run, told_of_all
from tests.simulation.scenarios import SCENARIOS, SOUP, plan_of
from tests.simulation.shrink import shrink
from tests.simulation.sweep import plans
from tests.simulation.weather.scenarios import WEATHER_SCENARIOS, weather_plan

PROCESSES, BATCH, SHOWN = 2, 20, 20
HOUR = 3600


def main(arguments: list[str]) -> int:
    """The exit code: 1 when an invariant was violated."""
    parser = argparse.ArgumentParser(prog="./dev simulate", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="the run, or the first of many")
    parser.add_argument(
        "--scenario",
        choices=[*sorted(SCENARIOS), SOUP, *sorted(WEATHER_SCENARIOS)],
        default="",
        metavar="NAME",
        help=f"this one, not one by chance: {', '.join([*sorted(SCENARIOS), SOUP])}; "
        f"in weather: {', '.join(sorted(WEATHER_SCENARIOS))}",
    )
    parser.add_argument("--weather", choices=CLIMATES, default="still", help="how late AWS is (still: not at all)")
    parser.add_argument("--hours", type=float, help="explore for so long")
    parser.add_argument("--sweep", action="store_true", help="every fault at every site of the scenarios")
    parser.add_argument("--shrink", action="store_true", help="make a run that fails as simple as possible")
    parser.add_argument("--plan", type=Path, help="a file with a plan, as a failing run prints it")
    parser.add_argument("--quiet", action="store_true", help="without the timeline")
    given = parser.parse_args(arguments)
    possible = {SOUP, *SCENARIOS} if given.weather == "still" else WEATHER_SCENARIOS
    if given.scenario and given.scenario not in possible:
        parser.error(f"in the weather {given.weather} there is no scenario {given.scenario}: {', '.join(possible)}")
    if given.sweep and given.weather != "still":
        parser.error("--sweep is about faults, and runs only in the weather still")
    if given.sweep:
        chosen = [given.scenario] if given.scenario else sorted(SCENARIOS)
        return explore(_swept(given.seed, chosen), math.inf if given.hours is None else given.hours * HOUR)
    if given.hours is not None:
        return explore(_seeds(given.seed, given.scenario, given.weather), given.hours * HOUR)
    made = _plan(given.seed, given.scenario, given.weather)
    plan = Plan.of(json.loads(given.plan.read_text())) if given.plan else made
    outcome = run(plan)
    if given.shrink and outcome.troubles:
        outcome = run(shrink(plan, lambda simpler: bool(run(simpler).troubles)))
    tell(outcome, timeline=not given.quiet)
    return 1 if outcome.troubles else 0


def tell(outcome: Outcome, *, timeline: bool) -> None:
    """Print a run: what was planned, what happened, how it ended."""
    print(outcome.plan)
    if timeline:
        print(*outcome.history.shown(), sep="\n")
    print(f"{outcome.calls} calls, {outcome.seconds / 60:.0f} minutes of virtual time: {', '.join(outcome.phases)}")
    if outcome.troubles:
        print(f"plan: {json.dumps(outcome.plan.document())}")
    if outcome.plan.weather != "still":
        print(*outcome.facts.lines(), sep="\n")
    print(*(outcome.troubles or ["No violation."]), sep="\n")


def explore(batches: Iterator[list[Plan]], seconds: float) -> int:
    """Run these plans in two processes, until they or the time are over; print those that fail."""
    began, runs, calls = time.monotonic(), 0, 0
    found: Counter[str] = Counter()
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        working = {pool.submit(told_of_all, batch) for batch in islice(batches, 2 * PROCESSES)}
        while working:
            ended, working = wait(working, return_when=FIRST_COMPLETED)
            for failing, number in chain.from_iterable(one.result() for one in ended):
                runs, calls = runs + 1, calls + number
                found.update(failing[1:])
                if failing:
                    print(*failing, sep="\n    ", flush=True)
            if time.monotonic() - began < seconds:
                working |= {pool.submit(told_of_all, batch) for batch in islice(batches, len(ended))}
    print(f"{runs:,} runs with {calls:,} calls in {(time.monotonic() - began) / 60:.1f} minutes.")
    print(f"{sum(found.values())} violations" + (":" if found else "."))
    for text, times in found.most_common(SHOWN):
        print(f"{times:6} {text}")
    return 1 if found else 0


def _seeds(seed: int, scenario: str, weather: Climate) -> Iterator[list[Plan]]:
    for begin in count(seed, BATCH):
        yield [_plan(one, scenario, weather) for one in range(begin, begin + BATCH)]


def _plan(seed: int, scenario: str, weather: Climate) -> Plan:
    return plan_of(seed, scenario) if weather == "still" else weather_plan(seed, weather, scenario)


def _swept(seed: int, scenarios: Sequence[str]) -> Iterator[list[Plan]]:
    swept = chain.from_iterable(plans(scenario, seed) for scenario in scenarios)
    while batch := list(islice(swept, BATCH)):
        yield batch


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
