"""The exhaustive search, breadth first: every state that can be reached, every property in each of them."""

import resource
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.model.space import STEP, Compiled, Space, State

Property = tuple[str, list, Callable[[State], str]]
"""A name, the fields that it reads, and the function: "" when it holds, or what is wrong."""


@dataclass
class Violation:
    """A property that does not hold, and the state in which it does not."""

    name: str
    what: str
    state: int
    depth: int


@dataclass
class Result:
    """What a search found."""

    states: int = 0
    transitions: int = 0
    depth: int = 0
    seconds: float = 0.0
    quiet: int = 0
    exhausted: bool = True
    violation: Violation | None = None
    megabytes: int = 0
    seen: set = field(default_factory=set, repr=False)


class Search:
    """A model to be searched: its space, its processes' rows, its properties, and what must hold when all is quiet."""

    def __init__(self, space: Space, initial: int, rows: list, properties: list[Property], at_rest: Property) -> None:
        """`rows` are the rows of all processes; `at_rest` is what must hold where no process can go on by itself."""
        self.space, self.initial = space, initial
        self._at_rest = at_rest
        self._known_steps: dict[int, dict[int, list[int]]] = {}
        self._properties = [(name, space.mask(keys), keys, check, set()) for name, keys, check in properties]
        tables: dict[tuple, dict[int, Compiled]] = {}
        for row in rows:
            # Several rows for one value: each gets a table of its own.
            number = 0
            while row.at in tables.setdefault((row.counter, number), {}):
                number += 1
            tables[row.counter, number][row.at] = space.compile(row)
        self.tables = []
        for (counter, _), known in tables.items():
            offset, mask = space.places[counter]
            self.tables.append((offset, mask, [known.get(value) for value in range(mask + 1)]))

    def run(self, most: int = 10**9, seconds: float = 10**9) -> Result:  # noqa: C901, PLR0912 - one loop, for speed
        """Search everything; stop at the first violation, or after so many states or seconds."""
        begun = time.monotonic()
        result = Result()
        seen = {self.initial}
        frontier = [self.initial]
        add, tables, properties = seen.add, self.tables, self._properties
        violation = self._broken(self.initial, 0)
        transitions = depth = quiet = 0
        while frontier and violation is None:
            following: list[int] = []
            append = following.append
            for state in frontier:
                still = True
                for offset, low, rows in tables:
                    row = rows[state >> offset & low]
                    if row is None:
                        continue
                    key = state & row.mask
                    answer = row.known.get(key)
                    if answer is None:
                        answer = row.known[key] = self._answer(row, state)
                    differences, goes_on = answer
                    if goes_on:
                        still = False
                    for difference in differences:
                        after = state + difference
                        if after not in seen:
                            add(after)
                            append(after)
                    transitions += len(differences)
                if still:
                    quiet += 1
                    if what := self._at_rest[2](self.space.unpack(state)):
                        violation = Violation(self._at_rest[0], what, state, depth)
                        break
            depth += 1
            if violation is None:
                for _, mask, _, _, fine in properties:
                    unknown = {after & mask: after for after in following if after & mask not in fine}
                    for after in unknown.values():
                        violation = violation or self._broken(after, depth)
            frontier = following
            if len(seen) > most or time.monotonic() - begun > seconds:
                result.exhausted = not frontier
                break
        result.states, result.transitions, result.depth, result.quiet = len(seen), transitions, depth, quiet
        result.seconds, result.violation, result.seen = time.monotonic() - begun, violation, seen
        result.megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # the process's peak so far
        return result

    def _answer(self, row: Compiled, state: int) -> tuple[tuple[int, ...], bool]:
        moves = self.space.moves(row, state)
        differences = dict.fromkeys(difference for _, difference in moves if difference)
        return tuple(differences), any(move.kind == STEP and difference for move, difference in moves)

    def _broken(self, packed: int, depth: int) -> Violation | None:
        state = None
        for name, mask, _, check, fine in self._properties:
            key = packed & mask
            if key in fine:
                continue
            state = state or self.space.unpack(packed)
            if what := check(state):
                return Violation(name, what, packed, depth)
            fine.add(key)
        return None

    def moves(self, packed: int) -> list[tuple[str, int, int]]:
        """All moves of a state: label, state after it, kind."""
        found = []
        for offset, low, rows in self.tables:
            row = rows[packed >> offset & low]
            if row is not None:
                found += [
                    (move.label, packed + diff, move.kind) for move, diff in self.space.moves(row, packed) if diff
                ]
        return found

    def trace(self, goal: int) -> list[tuple[str, int]]:
        """A shortest way to a state: labels and states."""
        parents: dict[int, int] = {self.initial: self.initial}
        frontier = [self.initial]
        while frontier and goal not in parents:
            following = []
            for state in frontier:
                for difference in self._differences(state):
                    if (after := state + difference) not in parents:
                        parents[after] = state
                        following.append(after)
            frontier = following
        way = []
        while goal != self.initial:
            before = parents[goal]
            way.append((next(label for label, after, _ in self.moves(before) if after == goal), goal))
            goal = before
        return way[::-1]

    def _differences(self, packed: int) -> list[int]:
        found: list[int] = []
        for offset, low, rows in self.tables:
            row = rows[packed >> offset & low]
            if row is not None:
                key = packed & row.mask
                if key not in row.known:
                    row.known[key] = self._answer(row, packed)
                found += row.known[key][0]
        return found

    def stuck(self, seen: set[int]) -> int | None:
        """A state from which no rest can be reached by steps alone, without luck, fault or help; None if there is none.

        It goes backwards over the graph of all states, from those that are at rest. It needs the edges, so it is for
        bounds of up to some million states.
        """
        states = list(seen)
        number = {state: index for index, state in enumerate(states)}
        sources, targets, good = array("I"), array("I"), bytearray(len(states))
        for index, state in enumerate(states):
            steps = self._steps(state)
            good[index] = not steps
            for step in steps:
                sources.append(index)
                targets.append(number[state + step])
        first = array("I", bytes(4 * (len(states) + 1)))
        for target in targets:
            first[target + 1] += 1
        for index in range(len(states)):
            first[index + 1] += first[index]
        place, back = array("I", first), array("I", bytes(4 * len(targets)))
        for source, target in zip(sources, targets, strict=True):
            back[place[target]] = source
            place[target] += 1
        reached = [index for index in range(len(states)) if good[index]]
        while reached:
            index = reached.pop()
            for source in back[first[index] : first[index + 1]]:
                if not good[source]:
                    good[source] = 1
                    reached.append(source)
        return next((states[index] for index in range(len(states)) if not good[index]), None)

    def _steps(self, packed: int) -> list[int]:
        found: list[int] = []
        for offset, low, rows in self.tables:
            row = rows[packed >> offset & low]
            if row is not None:
                known = self._known_steps.setdefault(id(row), {})
                key = packed & row.mask
                if key not in known:
                    moves = self.space.moves(row, packed)
                    known[key] = [difference for move, difference in moves if difference and move.kind == STEP]
                found += known[key]
        return found
