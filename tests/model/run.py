"""Build a model, search it, and say in plain words what was found."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from tests.model import afterwards, around, backward, forward, in_place
from tests.model.configurations import CONFIGURATIONS
from tests.model.mutations import MUTATIONS
from tests.model.properties import at_rest, everywhere, illegal
from tests.model.rules import Rules
from tests.model.search import Result, Search
from tests.model.space import Key, Space, State
from tests.model.world import BUDGETS, PHASES, Configuration, World

HEAD = f"{'configuration':14}{'states':>12}{'transitions':>13}{'depth':>7}{'rests':>7}{'seconds':>9}{'/s':>8}{'MB':>7}"
SHOWN = (
    "holder",
    "waiting",
    "live",
    "held",
    "phase",
    "at",
    "near",
    "far",
    "next",
    "trip",
    "weight",
    "claimed",
    "own",
    "settings",
    "runs",
    "task",
    "done",
)
"""Fields that a trace shows when they change."""
PLACES = {"at": "", "next": " (not live)", "near": " (where it is asked)", "far": " (where nobody asks)"}


def build(configuration: Configuration, mutation: str = "") -> tuple[World, Search]:
    """The model of a configuration, with a fault put back."""
    rules = MUTATIONS[mutation].rules() if mutation else Rules()
    w = World(configuration, rules, mutation)
    space = Space(w.sizes, illegal)
    rows = [*forward.rows(w), *backward.rows(w), *around.rows(w), *afterwards.rows(w), *in_place.rows(w)]
    return w, Search(space, space.pack(w.initial()), rows, everywhere(w), at_rest(w))


def main(arguments: Sequence[str], say: Callable[[str], object] = print) -> int:
    """Search; the exit code is 0 if all properties hold (with `--mutation`: if it is found)."""
    parser = argparse.ArgumentParser(prog="./dev model", description="Search the model of the protocol exhaustively.")
    parser.add_argument("--configuration", choices=CONFIGURATIONS, help="only this one")
    parser.add_argument("--mutation", choices=[*MUTATIONS, "all"], help="put this fault back, and show how it is found")
    parser.add_argument("--most", type=float, default=1e9, help="end a search after so many states")
    parser.add_argument("--jobs", type=int, default=2, help="so many searches at once (default: 2)")
    parser.add_argument("--bounds", action="store_true", help="say the bounds, and search nothing")
    given = parser.parse_args(arguments)
    if given.bounds:
        say(bounds())
        return 0
    if given.mutation:
        chosen = MUTATIONS if given.mutation == "all" else [given.mutation]
        return max(_mutate(name, say, trace=given.mutation != "all") for name in chosen)
    chosen = [given.configuration] if given.configuration else list(CONFIGURATIONS)
    return _search_all(chosen, int(given.most), given.jobs, say)


def _search_all(names: Sequence[str], most: int, jobs: int, say: Callable[[str], object]) -> int:
    say(HEAD)
    code = total = 0
    for line, states, trace in _searched_all(names, most, jobs):
        say(line)
        total += states
        for said in trace:
            code = 1
            say(said)
    say(f"{'together':14}{total:12,}")
    return code


def _searched_all(names: Sequence[str], most: int, jobs: int) -> Iterator[tuple[str, int, list[str]]]:
    """Each in a process of its own, so that its memory is its own; in the order of the names."""
    search = partial(_searched, most=most)
    if jobs == 1:
        yield from map(search, names)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        yield from pool.map(search, names)


def _searched(name: str, most: int) -> tuple[str, int, list[str]]:
    w, search = build(CONFIGURATIONS[name])
    result = search.run(most)
    ended = "" if result.exhausted else "  not exhausted"
    rate = int(result.states / max(result.seconds, 0.001))
    figures = f"{result.states:12,}{result.transitions:13,}{result.depth:7}{result.quiet:7}"
    line = f"{name:14}{figures}{result.seconds:9.0f}{rate:8,}{result.megabytes:7,}{ended}"
    return line, result.states, told(w, search, result)


def _mutate(name: str, say: Callable[[str], object], *, trace: bool) -> int:
    mutation = MUTATIONS[name]
    w, search = build(mutation.configuration, name)
    result = search.run()
    found = result.violation is not None and result.violation.name.startswith(mutation.breaks)
    what = result.violation.name if result.violation else "nothing"
    say(f"{'found' if found else 'NOT FOUND':10}{result.states:9,} states  {name}: {what}")
    if trace:
        for line in told(w, search, result):
            say(line)
    return 0 if found else 1


def told(w: World, search: Search, result: Result) -> list[str]:
    """The violation and the shortest way to it, for people."""
    if result.violation is None:
        return []
    lines = [f"  {result.violation.name}", f"  broken: {result.violation.what}"]
    before = search.space.unpack(search.initial)
    for number, (label, packed) in enumerate(search.trace(result.violation.state), 1):
        after = search.space.unpack(packed)
        shown = [_said(w, key, after) for key in after if after[key] != before[key] and _name(key) in SHOWN]
        lines.append(f"  {number:3}. {label}" + (f"   [{'; '.join(shown)}]" if shown else ""))
        before = after
    return lines


def _name(key: Key) -> str:
    return key if isinstance(key, str) else key[0]


def _said(w: World, key: Key, state: State) -> str:
    value = state[key]
    if isinstance(key, str):
        return f"{key}: {f'D{value}' if value else 'none'}"
    if key[0] == "phase":
        return f"D{key[1]}: {PHASES[value]}"
    if key[0] in PLACES:
        return f"{key[1]}{PLACES[key[0]]}: {w.said(value)}"
    return f"D{key[1]}'s {key[0]}: {value}"


def bounds() -> str:
    """The bounds of all configurations, as a table."""
    lines = [
        f"{'configuration':14}{'uploads':>8}{'live':>6}{'steps':>6}{'recon.':>7}{'exec.':>6}"
        + "".join(f"{b:>9}" for b in BUDGETS)
    ]
    for one in CONFIGURATIONS.values():
        who = f"{len(one.changes):8}{one.live:6}{len(one.weights):6}{one.reconcilers:7}{one.executions:6}"
        lines.append(f"{one.name:14}{who}" + "".join(f"{getattr(one, b):9}" for b in BUDGETS) + f"  {one.about}")
    return "\n".join(lines)
