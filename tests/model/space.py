"""States as packed integers, and moves as differences of them: what makes an exhaustive search fast in plain Python.

A state is one integer; each field has its bits. A *row* is what one process can do at one value of its program counter:
a function of the fields that it declares, and of no others (a missing one is a KeyError). So its moves depend on these
fields alone, and so do the *differences* that they make to the packed integer: they are computed once for each
combination of the declared fields, and then looked up. The processes may be written to be read.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Key = str | tuple
"""A field: `holder`, `("phase", 1)`, `("fresh", "alias")`."""
State = dict
"""Fields → their values."""

STEP, FAULT, START = 0, 1, 2
"""What a process does by itself; what goes wrong; what somebody begins: an upload, an alarm, a request."""


class Move(NamedTuple):
    """One atomic step: what it is called, and what it changes."""

    label: str
    changes: Mapping[Key, int]
    kind: int = STEP


@dataclass(frozen=True)
class Row:
    """What a process does while the field `counter` has the value `at`."""

    counter: Key
    at: int
    fields: Sequence[Key]
    moves: Callable[[State], list[Move]]


@dataclass
class Compiled:
    """A row as the search uses it: the bits of its fields, and what is known for each combination of them."""

    mask: int
    row: Row
    places: list[tuple[Key, int, int]]
    known: dict[int, tuple[tuple[int, ...], bool]] = field(default_factory=dict)


class Space:
    """The fields' places in the integer."""

    def __init__(self, sizes: Mapping[Key, int], illegal: Callable[[State, Mapping[Key, int]], bool]) -> None:
        """`sizes` are the fields with their greatest values; a move that is `illegal` sets the field `broken`."""
        self._illegal = illegal
        self.places: dict[Key, tuple[int, int]] = {}
        offset = 0
        for key, greatest in sizes.items():
            self.places[key] = (offset, (1 << greatest.bit_length()) - 1)
            offset += greatest.bit_length()
        self.bits = offset

    def pack(self, state: State) -> int:
        """The integer of a state; fields that are not named are 0."""
        return sum(value << self.places[key][0] for key, value in state.items())

    def unpack(self, packed: int) -> State:
        """All fields of a state."""
        return {key: packed >> offset & mask for key, (offset, mask) in self.places.items()}

    def mask(self, keys: Sequence[Key]) -> int:
        """The bits of these fields."""
        return sum({key: self.places[key][1] << self.places[key][0] for key in keys}.values())

    def compile(self, row: Row) -> Compiled:
        """A row, ready for the search."""
        keys = dict.fromkeys([row.counter, *row.fields])
        return Compiled(self.mask(list(keys)), row, [(key, *self.places[key]) for key in keys])

    def moves(self, compiled: Compiled, packed: int) -> list[tuple[Move, int]]:
        """The moves of a row in this state, each with the difference that it makes."""
        state = {key: packed >> offset & mask for key, offset, mask in compiled.places}
        return [(move, self._difference(state, move)) for move in compiled.row.moves(state)]

    def _difference(self, state: State, move: Move) -> int:
        difference = 0
        if self._illegal(state, move.changes) and not move.changes.get("broken"):
            difference = 1 << self.places["broken"][0]
        for key, value in move.changes.items():
            offset, mask = self.places[key]
            if not 0 <= value <= mask:
                raise ValueError(f"{move.label}: {key} cannot be {value}")
            difference += (value - state[key]) << offset
        return difference
