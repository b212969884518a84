"""How long a release takes, and how many requests the control plane of Lambda gets for it.

Lambda allows 15 control-plane requests a second for a whole account and region.
"""

from collections.abc import Collection, Sequence
from math import ceil

from controller.domain.deployment import Step
from controller.domain.environment import Environment
from controller.domain.steps import evaluation_pause, steps_for
from controller.domain.strategy import ALL
from selfright.components.planned import ComponentPlan, LambdaCalls
from selfright.components.registry import kind_of
from selfright.planning.model import Timing

BEGIN, STEP, END = 15, 5, 5
"""Seconds besides the bakes: up to the first step, for each of them, and after the last one.

Where versions are compared, what was measured at the end of a bake is waited for as well.
"""


def timing_of(environment: Environment, changed: Collection[str], newcomers: Collection[str] = ()) -> Timing:
    """How long a release takes that changes these components, of which the `newcomers` were never live."""
    steps = steps_for(environment, changed, newcomers)
    bakes = sum(step.bake for step in steps)
    measured = any(environment.components[name].measured_by_version for name in changed if name not in newcomers)
    compared = sum(1 for step in steps if step.weight < ALL and step.bake) if measured else 0
    overhead = BEGIN + len(steps) * STEP + compared * environment.judge.settled_seconds + END
    return Timing(steps, bakes, overhead, bakes)


def calls_of(environment: Environment, components: Sequence[ComponentPlan], steps: Sequence[Step]) -> LambdaCalls:
    """The requests to Lambda's control plane; while an update is under way, there are more."""
    evaluations = sum(_evaluations(environment, steps, step) for step in steps)
    calls = (kind_of(one.kind).lambda_calls(one, len(steps), evaluations) for one in components)
    return sum(calls, start=LambdaCalls())


def _evaluations(environment: Environment, steps: Sequence[Step], step: Step) -> int:
    """How often the judge evaluates while the step bakes; each time, the way back is rehearsed."""
    return ceil(step.bake / evaluation_pause(environment.judge, steps))
