"""Estimates how long a release takes, and how many requests it makes to Lambda's control plane.

Lambda allows 15 control-plane requests a second for a whole account and region.
"""

from collections.abc import Collection, Mapping, Sequence
from math import ceil

from controller.domain.bundle.tasks import ReleaseTask
from controller.domain.deployment import Step
from controller.domain.environment import Environment
from controller.domain.steps import evaluation_pause, steps_for
from controller.domain.strategy import ALL
from selfright.components.planned import ComponentPlan, LambdaCalls
from selfright.components.registry import kind_of
from selfright.planning.model import Timing

BEGIN, STEP, END = 15, 5, 5
"""Seconds besides the bakes: before the first step, for each step, and after the last one.

Where versions are compared, a bake also waits for the metrics of its end.
"""
FILES_A_SECOND = 500
"""About as many files of a site are uploaded and looked at in a second: 20,000 took half a minute."""


def timing_of(
    environment: Environment, changed: Collection[str], at_once: Collection[str] = (), files: int = 0
) -> Timing:
    """The timing of a release that changes these components, of which all visitors get some `at_once`.

    `files` are uploaded for its sites.
    """
    steps = steps_for(environment, changed, at_once)
    bakes = sum(step.bake for step in steps)
    measured = any(environment.components[name].measured_by_version for name in changed if name not in at_once)
    compared = [step for step in steps if step.weight < ALL and step.bake] if measured else []
    hooks = longest_hooks(environment) if steps else 0
    settle = len(compared) * environment.judge.settled_seconds
    overhead = BEGIN + files // FILES_A_SECOND + len(steps) * STEP + settle + END
    extended = sum(_without_visitors(environment, step, steps) for step in compared)
    return Timing(steps, bakes, overhead, extended, hooks=hooks)


def longest_tasks(tasks: Sequence[ReleaseTask], ends_after: Mapping[str, int | None]) -> int:
    """The seconds that these tasks take at most, one after the other.

    `ends_after` is when Lambda ends the functions by their names, as far as that is known.
    """
    return sum(min(task.limit, ends_after.get(task.component) or task.limit) for task in tasks)


def longest_hooks(environment: Environment) -> int:
    """The seconds that the environment's hooks may take together before they are given up."""
    hooks = environment.deployment_preference.hooks
    return environment.hook_timeout * sum(1 for hook in (hooks.pre_traffic, hooks.post_traffic) if hook)


def _without_visitors(environment: Environment, step: Step, steps: Sequence[Step]) -> int:
    """The most seconds that are added to a step whose versions are compared, if visitors do not come.

    At the end of its time both versions are silent, and are waited for; so they are once more after each extension.
    """
    policy = environment.judge
    silent = policy.longest_wait + evaluation_pause(policy, steps)
    more = silent - policy.settled_seconds
    if policy.minimum_requests:
        more += max(step.bake, 2 * policy.period) + silent
        more += 2 * policy.period + silent if policy.synthetic.requests else 0
    return more


def calls_of(environment: Environment, components: Sequence[ComponentPlan], steps: Sequence[Step]) -> LambdaCalls:
    """The requests to Lambda's control plane; waiting for a slow update makes more."""
    evaluations = sum(_evaluations(environment, steps, step) for step in steps)
    calls = (kind_of(one.kind).lambda_calls(one, len(steps), evaluations) for one in components)
    return sum(calls, start=LambdaCalls())


def _evaluations(environment: Environment, steps: Sequence[Step], step: Step) -> int:
    """The number of evaluations during the step's bake; each one also checks that the rollback would work."""
    return ceil(step.bake / evaluation_pause(environment.judge, steps))
