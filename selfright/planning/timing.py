"""How long a release takes, and how many requests the control plane of Lambda gets for it.

Lambda allows 15 control-plane requests a second for a whole account and region. The figures are those of the
controller's own adapters; a test counts theirs and compares.
"""

from collections.abc import Collection, Sequence
from math import ceil

from controller.domain.deployment import Step
from controller.domain.environment import Environment, LambdaTarget
from controller.domain.steps import evaluation_pause, steps_for
from controller.domain.strategy import ALL
from selfright.planning.model import ComponentPlan, LambdaCalls, Timing

LOOK_AT = 2
"""To see what is live: the alias, and the configuration of its version."""
MOVE = 2
"""To move an alias: read it, write it."""
AGAIN = 1
"""To see that an alias has been moved: the rollback machine repeats what an alarm has done."""
PUBLISH = 3
"""Besides looking: `$LATEST` is read, the version published, and read again until it is ready."""
UPDATE = 2
"""An update of code or configuration, and an evaluation whether it is done."""
PRUNE = 2
"""The versions and the aliases are listed. Deleting an old version is one more."""
BEGIN, STEP, END = 15, 5, 5
"""Seconds besides the bakes: up to the first step, for each of them, and after the last one.

Where versions are compared, what was measured at the end of a bake is waited for as well.
"""


def timing_of(environment: Environment, changed: Collection[str], newcomers: Collection[str] = ()) -> Timing:
    """How long a release takes that changes these components, of which the `newcomers` were never live."""
    steps = steps_for(environment, changed, newcomers)
    bakes = sum(step.bake for step in steps)
    measured = any(isinstance(environment.components[name], LambdaTarget) for name in changed if name not in newcomers)
    compared = sum(1 for step in steps if step.weight < ALL and step.bake) if measured else 0
    overhead = BEGIN + len(steps) * STEP + compared * environment.judge.settled_seconds + END
    return Timing(steps, bakes, overhead, bakes)


def calls_of(environment: Environment, components: Sequence[ComponentPlan], steps: Sequence[Step]) -> LambdaCalls:
    """The requests to Lambda's control plane; while an update is under way it is looked at more often."""
    functions = [one for one in components if isinstance(environment.components[one.name], LambdaTarget)]
    changed = [one for one in functions if one.change != "unchanged"]
    evaluations = sum(_evaluations(environment, steps, step) for step in steps)
    return LambdaCalls(
        staging=len(functions) * 2 * LOOK_AT + sum(PUBLISH + UPDATE * _updates(one) for one in changed),
        shifting=len(changed) * len(steps) * MOVE,
        watching=len(changed) * evaluations * LOOK_AT,
        closing=len(changed) * PRUNE,
        rollback=len(changed) * (MOVE + AGAIN) + len(functions) * LOOK_AT,
    )


def _updates(component: ComponentPlan) -> int:
    """Code and configuration are updated one after the other, each only where it differs."""
    same_code = component.package is not None and component.package.same
    return (not same_code) + bool(component.differences)


def _evaluations(environment: Environment, steps: Sequence[Step], step: Step) -> int:
    """How often the judge looks while the step bakes; each time, the way back is rehearsed."""
    return ceil(step.bake / evaluation_pause(environment.judge, steps))
