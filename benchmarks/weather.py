"""`weather`: releases on an AWS that is late, in virtual time, by the real handlers: how they end, and who suffers."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import reduce
from multiprocessing import get_context
from operator import add
from typing import NamedTuple

from benchmarks.figures import Table, median
from benchmarks.history import TRANSITION
from benchmarks.walk import Walk
from selfright.weather import Climate
from tests.simulation.run import run as simulate
from tests.simulation.weather.facts import Facts
from tests.simulation.weather.scenarios import WEATHER_SCENARIOS, weather_plan

CLIMATES: Sequence[Climate] = ("aws", "storm")
PROCESSES, BATCH = 2, 7
MOST_TRANSITIONS, MEDIAN_SAYING = 45, 5
SHOWN = 12
"""Runs that did not go right, of which the table tells at most."""


class Seen(NamedTuple):
    """What was seen of one run: its scenario, what was counted, and what was not as it must be."""

    scenario: str
    seed: int
    facts: Facts
    violations: Sequence[str]


def run(seeds: int) -> list[Table]:
    """Simulate so many seeds in each climate; the scenarios take turns."""
    found = {climate: _simulated(climate, seeds) for climate in CLIMATES}
    return [figures(found), scenarios(found)]


def _simulated(climate: Climate, seeds: int) -> list[Seen]:
    batches = [range(begin, min(begin + BATCH, seeds)) for begin in range(0, seeds, BATCH)]
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        runs = [pool.submit(seen, climate, batch) for batch in batches]
        return [one for batch in runs for one in batch.result()]


def seen(climate: Climate, batch: Sequence[int]) -> list[Seen]:
    """The runs of some seeds."""
    plans = [weather_plan(seed, climate) for seed in batch]
    outcomes = [simulate(plan) for plan in plans]
    return [Seen(one.plan.scenario, int(one.plan.seed), one.facts, one.violations) for one in outcomes]


def figures(found: Mapping[Climate, Sequence[Seen]]) -> Table:
    """What was counted, by climate."""
    table = Table("Releases on a late AWS, in virtual time", ("", *found, "goal"))
    totals = [reduce(add, (one.facts for one in runs), Facts()) for runs in found.values()]

    def row(name: str, figure: Callable[[Facts], object], goal: object = "") -> None:
        table.rows.append((name, *map(figure, totals), goal))

    row("good releases that succeeded", lambda facts: f"{facts.good_succeeded} of {facts.good}", "all")
    row("bad releases that ended on the old one", lambda facts: f"{facts.bad_undone} of {facts.bad}", "all")
    row("rolled back by a person", lambda facts: f"{facts.by_person_undone} of {facts.by_person}", "all")
    row("environments held at the end", lambda facts: facts.held, 0)
    table.rows.append(
        ("runs that broke an invariant", *(sum(bool(one.violations) for one in runs) for runs in found.values()), 0)
    )
    row("requests of visitors", lambda facts: facts.requests)
    row("failed because of the mechanism itself", lambda facts: facts.suffered.total(), 0)
    for kind in sorted({kind for facts in totals for kind in facts.suffered}):
        table.rows.append((f"… {kind}", *(facts.suffered[kind] for facts in totals), 0))
    row("seconds, written → arrived at the last edge and Deployed", lambda facts: spread(facts.arriving))
    row(
        "seconds, from then on until Selfright says so", lambda facts: spread(facts.saying), f"median ≤ {MEDIAN_SAYING}"
    )
    row(
        "… said before the last edge had it",
        lambda facts: f"{sum(one < 0 for one in facts.saying)} of {len(facts.saying)}",
    )
    row("transitions of a good release, two steps of five minutes", lambda facts: spread(facts.transitions))
    row("… with one evaluation in each step", lambda facts: spread(shortest(facts)), f"≤ {MOST_TRANSITIONS}")
    row("… dollars", lambda facts: f"{TRANSITION * median(facts.transitions):.5f}" if facts.transitions else spread([]))
    counted = ", ".join(f"{len(runs)} in {climate}" for climate, runs in found.items())
    table.notes.append(f"Runs: {counted}. Spreads: median (worst).")
    table.notes.append("When the last edge or front end has a change is known here; no probe on AWS sees that.")
    return table


def scenarios(found: Mapping[Climate, Sequence[Seen]]) -> Table:
    """How many runs of each scenario were right, and what was wrong in the others."""
    table = Table("Runs in which all was right, by scenario", ("", *found))
    for scenario in WEATHER_SCENARIOS:
        of_this = [[one for one in runs if one.scenario == scenario] for runs in found.values()]
        table.rows.append((scenario, *(f"{sum(map(is_right, runs))} of {len(runs)}" for runs in of_this)))
    wrong = [(climate, one) for climate, runs in found.items() for one in runs if not is_right(one)]
    table.notes += [told(climate, one) for climate, one in wrong[:SHOWN]]
    if len(wrong) > SHOWN:
        table.notes.append(f"… and {len(wrong) - SHOWN} more")
    return table


def is_right(one: Seen) -> bool:
    """Whether every release of a run ended as it should, nobody suffered, and every invariant held."""
    return not (one.facts.troubles or one.violations)


def told(climate: Climate, one: Seen) -> str:
    """What was wrong in a run, and how to see it."""
    said = "; ".join([*one.facts.troubles, *one.violations])
    return f"`./dev simulate --weather {climate} --scenario {one.scenario} --seed {one.seed}`: {said[:300]}"


def shortest(facts: Facts) -> list[int]:
    """The transitions of good releases without those of all evaluations but one in each of the two steps."""
    further = Walk(2, [2, 1]).transitions - Walk(2, [1, 1]).transitions
    pairs = zip(facts.transitions, facts.evaluations, strict=True)
    return [transitions - further * (evaluations - 2) for transitions, evaluations in pairs]


def spread(values: Sequence[float]) -> str:
    """The median and the worst."""
    return f"{median(values):.0f} ({max(values):.0f})" if values else "–"
