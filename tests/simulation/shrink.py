"""Makes a plan that fails as simple as it can be while it still fails."""

from collections.abc import Callable
from dataclasses import replace

from tests.simulation.plan import Plan

Fails = Callable[[Plan], bool]


def shrink(plan: Plan, fails: Fails, most: int = 200) -> Plan:
    """Leave out events, faults and outages, half of them at once at first; then slow calls; then make outages short.

    `most`: after so many runs it is simple enough. Leaving something out changes all chance after it, so a plan may
    fail only as a whole.
    """
    left = [most]

    def still(candidate: Plan) -> bool:
        left[0] -= 1
        return left[0] >= 0 and fails(candidate)

    size = max(1, len(plan.parts) // 2)
    while size:
        plan, smaller = _without_some(plan, size, still)
        size = size if smaller and size > 1 else size // 2
    for simpler in (replace(plan, slow=0.0), *_shorter(plan)):
        if simpler != plan and still(simpler):
            plan = simpler
    return plan


def _without_some(plan: Plan, size: int, still: Fails) -> tuple[Plan, bool]:
    """Leave out parts, so many at once, as long as that is possible; and whether it was."""
    start, smaller = 0, False
    while start < len(plan.parts):
        candidate = plan.without(plan.parts[start : start + size])
        if candidate.events and still(candidate):
            plan, smaller = candidate, True
        else:
            start += size
    return plan, smaller


def _shorter(plan: Plan) -> list[Plan]:
    """The same plan with outages of at most so many seconds, the shortest last."""
    if not plan.outages:
        return []
    lengths = (600.0, 60.0, 10.0)
    return [
        replace(plan, outages=tuple(replace(one, seconds=min(one.seconds, most)) for one in plan.outages))
        for most in lengths
    ]
