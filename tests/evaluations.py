"""Evaluations as the ledger keeps them, one every ten seconds: of a canary that is worse, and of a good one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from controller.domain.deployment import Comparison, Counts, Evaluation, Step
from tests.cli_world import START

STEPS = (Step(10, 120), Step(50, 120), Step(100, 60))
FIRST, EVERY, REQUESTS = START + timedelta(seconds=8), 10, 200
"""When the first step began, the seconds between two evaluations, and the requests of both sides in between."""


def worse() -> list[Evaluation]:
    """The judge rolls back at its 13th evaluation, the first at 50 %."""
    canary = [0, 0, 0, 0, 0, 0, 1, 0, 3, 1, 0, 1, 3]
    evidence = [0.6, 0.6, 0.3, 0.3, 0.3, 0.2, 0.4, 0.4, 10, 28, 28, 81, 104]
    seen = _evaluations(canary, [1, 0, 2, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0], evidence)
    return [*seen[:-1], replace(seen[-1], verdict="unhealthy", reason="The canary is worse.")]


def good() -> list[Evaluation]:
    """All steps run to their ends, without any evidence against the canary."""
    return _evaluations([0, 0, 1, 0, 0] * 6, [1, 0, 0, 0, 1] * 6, [0.9 - number / 100 for number in range(30)])


def _evaluations(canary: Sequence[int], stable: Sequence[int], evidence: Sequence[float]) -> list[Evaluation]:
    """The evaluations for these errors in each interval."""
    found: list[Evaluation] = []
    each = [(number, step) for number, step in enumerate(STEPS) for _ in range(step.bake // EVERY)]
    counted = Counts(), Counts()
    for (number, step), *errors, e_value in zip(each, canary, stable, evidence, strict=False):
        share = step.weight * REQUESTS // 100
        came = Counts(share, errors[0]), Counts(REQUESTS - share, errors[1] if share < REQUESTS else 0)
        alone = step.weight == 100
        counted = came if alone and found and found[-1].weight < 100 else (counted[0] + came[0], counted[1] + came[1])
        at = FIRST + timedelta(seconds=EVERY * (len(found) + 1))
        evaluation = Evaluation(
            at, "healthy", "As good as stable.", *counted, number, step.weight, share=step.weight / 100
        )
        seen = Comparison("api", "errors", *counted, evaluation.share, e_value, 100.0)
        compared = replace(evaluation, e_value=e_value, limit=100.0, comparisons=(seen,))
        found.append(replace(evaluation, data="uncompared") if alone else compared)
    return found
