"""The steps of a release in its environment, and how often it is evaluated while they bake."""

from collections.abc import Collection, Sequence
from math import ceil

from controller.domain.deployment import Step
from controller.domain.environment import Environment, JudgePolicy
from controller.domain.strategy import steps_of

MOST_PAUSES = 1500
"""An execution's history holds 25,000 events and an evaluation adds about ten, so long bakes have fewer evaluations."""


def steps_for(environment: Environment, changed: Collection[str], newcomers: Collection[str]) -> tuple[Step, ...]:
    """The traffic steps of a release that changes these components, of which the `newcomers` were never live."""
    if not changed:
        return ()
    preference, final = environment.deployment_preference, environment.final_bake
    divides = any(environment.components[name].divides_visitors for name in changed if name not in newcomers)
    return steps_of(preference, final, at_once=not divides)


def evaluation_pause(policy: JudgePolicy, steps: Sequence[Step]) -> int:
    """The seconds between two evaluations of a release; each of its steps may be extended once."""
    longest = 2 * sum(step.bake for step in steps)
    return max(policy.evaluate_every, ceil(longest / MOST_PAUSES))
