"""The steps of a release in its environment, and how often it is evaluated."""

import pytest

from controller.domain.deployment import Step
from controller.domain.environment import JudgePolicy
from controller.domain.steps import MOST_PAUSES, evaluation_pause, steps_for
from tests.unit.flow.scenes import an_environment


@pytest.mark.parametrize(
    ("changed", "newcomers", "weights"),
    [([], [], []), (["api"], [], [10, 100]), (["api"], ["api"], [100]), (["api", "site"], ["api"], [10, 100])],
)
def test_only_divisible_components_that_were_live_have_steps_below_100(
    changed: list[str], newcomers: list[str], weights: list[int]
) -> None:
    """A release of newcomers alone goes to all visitors at once; one that changes nothing has no steps."""
    assert [step.weight for step in steps_for(an_environment(), changed, newcomers)] == weights


def test_long_bakes_are_evaluated_less_often() -> None:
    """All bakes together, each extended once, have a limited number of evaluations."""
    policy = JudgePolicy(evaluate_every="10s")
    assert evaluation_pause(policy, [Step(10, 60)]) == 10
    assert evaluation_pause(policy, [Step(10, 86_400), Step(100, 86_400)]) >= 4 * 86_400 / MOST_PAUSES
