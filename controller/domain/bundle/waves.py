"""The order of components: which of them are staged and shifted together, and which only after others.

`after: [api]` on a component makes it wait for `api`. A wave has all components that wait only for components of
earlier waves; so the first wave has all that wait for none.
"""

from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter

Waves = tuple[tuple[str, ...], ...]


def waves_of(after: Mapping[str, Collection[str]]) -> Waves:
    """The waves of components, each sorted by name; `after` maps a component to those that it comes after.

    Raises `ValueError` with the mistake when a name is unknown, a component waits for itself, or components wait for
    each other.
    """
    for name, others in after.items():
        where = f"`components.{name}.after`"
        if name in others:
            raise ValueError(f"{where} names '{name}' itself: a component cannot come after itself")
        if unknown := sorted(set(others) - after.keys()):
            known = ", ".join(sorted(after))
            raise ValueError(f"{where} '{unknown[0]}' is not a component of this release (these are: {known})")
    return tuple(_sorted(after))


def _sorted(after: Mapping[str, Collection[str]]) -> list[tuple[str, ...]]:
    sorter = TopologicalSorter(after)
    try:
        sorter.prepare()
    except CycleError as error:
        ring = error.args[1][:0:-1]  # graphlib has the reverse order, and the first one twice
        at = ring.index(first := min(ring))
        cycle = " → ".join([*ring[at:], *ring[:at], first])
        where = f"`components.{first}.after`"
        raise ValueError(f"{where} has a cycle, each after the next: {cycle}; one must go first") from error
    waves = []
    while sorter.is_active():
        wave = tuple(sorted(sorter.get_ready()))
        sorter.done(*wave)
        waves.append(wave)
    return waves
