"""Build a model, search it, and say what was found."""

from tests.model import around, backward, forward
from tests.model.configurations import CONFIGURATIONS
from tests.model.properties import at_rest, everywhere
from tests.model.rules import Rules
from tests.model.search import Search
from tests.model.space import Space
from tests.model.world import Configuration, World


def build(configuration: Configuration, mutation: str = "", rules=None) -> tuple[World, Search]:
    w = World(configuration, rules or Rules(), mutation)
    space = Space(w.sizes)
    rows = [*forward.rows(w), *backward.rows(w), *around.rows(w)]
    return w, Search(space, space.pack(w.initial()), rows, everywhere(w), at_rest(w))


def main(args):
    import sys
    w, search = build(CONFIGURATIONS[args[0]], args[1] if len(args) > 1 else "")
    r = search.run(most=int(args[2]) if len(args) > 2 else 10**9)
    print(search.space.bits, r.states, r.transitions, r.depth, round(r.seconds, 1), int(r.states / r.seconds), r.quiet, r.exhausted, r.peak_megabytes)
    known = sum(len(row.known) for _, _, rows in search.tables for row in rows if row)
    print("known", known)
    if r.violation:
        v = r.violation
        print(v.name, "|", v.what)
        before = search.space.unpack(search.initial)
        for label, state in search.trace(v.state):
            after = search.space.unpack(state)
            print("  ", label, {k: x for k, x in after.items() if x != before[k]})
            before = after
        return 1
    return 0
