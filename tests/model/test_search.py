"""The protocol's model: every property holds in every state within the bounds, and every fault put back is found."""

from functools import cache

import pytest

from tests.model.configurations import CONFIGURATIONS, SMALL
from tests.model.mutations import MUTATIONS
from tests.model.run import build, main, told
from tests.model.search import Result, Search
from tests.model.world import DONE, World

RESTORED = 3
VALUES = {"flying", "hands", "near", "far", "deleting", "runs"}
"""Counters that are values of a component, and no steps."""
ONLY_IN_MUTATIONS = {("c", "finish")}


@cache
def searched(name: str) -> tuple[World, Search, Result]:
    """A configuration with small bounds, searched once for all tests."""
    w, search = build(SMALL[name])
    return w, search, search.run()


@pytest.mark.parametrize("name", SMALL)
def test_all_properties_hold_within_small_bounds(name: str) -> None:
    """Every state is visited, none breaks a property, and from each all comes to rest by itself."""
    w, search, result = searched(name)
    assert result.violation is None, "\n".join(told(w, search, result))
    assert result.exhausted
    assert result.quiet > 1
    assert search.stuck(result.seen) is None


@pytest.mark.campaign
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", ["pointer"])
def test_all_properties_hold_within_larger_bounds(name: str) -> None:
    """One of the configurations of `./dev model`, with the first million states of the others' kind."""
    w, search = build(CONFIGURATIONS[name])
    result = search.run(most=1_000_000)
    assert result.violation is None, "\n".join(told(w, search, result))


@pytest.mark.parametrize("name", ["shifts", "site", "both"])
def test_what_the_monitor_asks_of_a_write_that_lands_is_true_in_the_model(name: str) -> None:
    """Whenever a component changes, `Rules.land` allows it: so the monitor never blames a run that is right."""
    w, search, result = searched(name)
    places = [search.space.places["at", c] for c in w.kinds]
    landed = 0
    for packed in result.seen:
        for label, after, _ in search.moves(packed):
            for offset, mask in places:
                before, content = packed >> offset & mask, after >> offset & mask
                if before == content or content in {0, w.hand}:
                    continue
                d, what = (content - 1) // 4 + 1, (content - 1) % 4 + 1
                on = "back" if before == w.content_back(d) else ""
                item = w.item(search.space.unpack(packed), d)
                assert w.rules.land(item, "back" if what == RESTORED else "forward", on) == "", label
                landed += 1
    assert landed > 1000


def test_every_step_of_every_process_is_taken() -> None:
    """What holds, holds not because nothing happens: each step is reached within the small bounds."""
    reached, there = set(), set()
    for name in SMALL:
        w, search, _ = searched(name)
        for compiled in (one for _, _, rows in search.tables for one in rows if one):
            counter, at = compiled.row.counter, compiled.row.at
            kind = counter if isinstance(counter, str) else counter[0]
            programs = {"x": w.forward, "g": w.forward, "r": w.back, "gr": w.back, "a": w.aside, "e": w.aside}
            step = programs[kind][counter[1]][at] if kind in programs else at
            step = w.news[at] if kind == "news" else step
            step = DONE[(at - 1) % len(DONE)] if kind == "c" and at else step
            there.add((kind, step[0] if isinstance(step, tuple) else step))
            if compiled.known:
                reached.add((kind, step[0] if isinstance(step, tuple) else step))
    assert {one for one in there - reached if one[0] not in VALUES} - ONLY_IN_MUTATIONS == set()


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_fault_that_is_put_back_is_found(name: str) -> None:
    """The search finds it, and the property that it breaks is the one that names it."""
    _, search = build(MUTATIONS[name].configuration, name)
    result = search.run(most=500_000)
    assert result.violation is not None
    assert result.violation.name.startswith(MUTATIONS[name].breaks)


@pytest.mark.parametrize("name", MUTATIONS)
def test_without_the_fault_the_same_bounds_hold(name: str) -> None:
    """It is the fault that is found, not the bounds."""
    w, search = build(MUTATIONS[name].configuration)
    result = search.run(most=50_000)
    assert result.violation is None, "\n".join(told(w, search, result))


def test_the_trace_tells_the_shortest_way() -> None:
    """A violation is told in plain words, from the beginning to the state that is wrong."""
    lines: list[str] = []
    assert main(["--mutation", "the lock is released after the end"], lines.append) == 0
    assert "found" in lines[0]
    assert lines[-1].endswith("D1 succeeds   [live: D1; D1: SUCCEEDED]")


def test_the_table_says_states_and_bounds() -> None:
    """The command prints a line for each configuration, and its bounds when asked."""
    lines: list[str] = []
    assert main(["--configuration", "pointer", "--most", "2000", "--jobs", "1"], lines.append) == 0
    assert lines[1].startswith("pointer")
    assert lines[1].endswith("not exhausted")
    assert main(["--bounds"], lines.append) == 0
    assert all(name in lines[-1] for name in CONFIGURATIONS)
