"""Every fault at every site: each call that a scenario makes, failing in each of the ways, one at a time."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from tests.simulation.calls.faults import LASTING, ONCE, Fault, Kind
from tests.simulation.calls.history import Call
from tests.simulation.plan import Plan
from tests.simulation.run import run
from tests.simulation.scenarios import plan_of

SECONDS = {Kind.SLOW_WRITE: (8.0, 100.0), Kind.STALE_READ: (2.0,), Kind.DUPLICATE: (0.5, 45.0)}
HEALED = frozenset({Kind.THROTTLE, Kind.ERROR, Kind.TIMEOUT})
"""Faults that the client's own retry would heal, so here they last."""


def undisturbed(scenario: str, seed: int) -> Plan:
    """A scenario in which AWS does nothing wrong."""
    plan = plan_of(seed, scenario)
    return replace(plan.without([*plan.faults, *plan.outages]), slow=0.0)


def sites(plan: Plan) -> Counter[str]:
    """Who calls what, and how often: `<actor>|<service>.<operation>` → calls."""
    outcome = run(plan)
    calls = [line for line in outcome.history.lines[: outcome.lines] if isinstance(line, Call)]
    return Counter(f"{call.actor}|{call.service}.{call.operation}" for call in calls)


def plans(scenario: str, seed: int) -> Iterator[Plan]:
    """The scenario with one fault: every kind at the first and at the last call of each site."""
    base = undisturbed(scenario, seed)
    for site, count in sorted(sites(base).items()):
        for occurrence in sorted({1, count}):
            for kind in Kind:
                for seconds in SECONDS.get(kind, (0.0,)):
                    times = LASTING if kind in HEALED else ONCE
                    fault = Fault(kind, site=site, occurrence=occurrence, times=times, seconds=seconds)
                    yield replace(base, faults=(fault,))
