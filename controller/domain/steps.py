"""The steps of a release in its environment, and how often it is evaluated while they bake."""

from collections.abc import Collection, Mapping, Sequence
from math import ceil

from controller.domain.deployment import Step
from controller.domain.environment import Environment, JudgePolicy
from controller.domain.strategy import ALL, steps_of

MOST_PAUSES = 1500
"""An execution's history holds 25,000 events and an evaluation adds about ten, so long bakes have fewer evaluations."""


def steps_for(environment: Environment, changed: Collection[str], at_once: Collection[str]) -> tuple[Step, ...]:
    """The traffic steps of a release that changes these components, of which all visitors get some `at_once`."""
    if not changed:
        return ()
    preference, final = environment.deployment_preference, environment.final_bake
    divides = any(environment.components[name].divides_visitors for name in changed if name not in at_once)
    return steps_of(preference, final, at_once=not divides)


def refusal_of(environment: Environment, indivisible: Mapping[str, str], newcomers: Collection[str]) -> str:
    """Why a release is refused some of whose components cannot be divided, by name and reason; "" when it is not.

    That does not matter where the environment has no step below 100 %, allows it, or where nothing was live before.
    """
    if all(step.weight == ALL for step in steps_of(environment.deployment_preference, environment.final_bake)):
        return ""
    refused = {
        name: why
        for name, why in indivisible.items()
        if name not in newcomers and environment.components[name].when_indivisible == "refuse"
    }
    return "; ".join(f"{name}: {why}" for name, why in refused.items())


def evaluation_pause(policy: JudgePolicy, steps: Sequence[Step]) -> int:
    """The seconds between two evaluations of a release; each of its steps may be extended once."""
    longest = 2 * sum(step.bake for step in steps)
    return max(policy.evaluate_every, ceil(longest / MOST_PAUSES))
