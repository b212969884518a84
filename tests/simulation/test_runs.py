"""Runs of the whole in virtual time: whatever chance does to them, all invariants hold in the end."""

import pytest

from tests.simulation.run import run
from tests.simulation.scenarios import SCENARIOS, plan_of

FEW = range(12)
MANY = 1000
"""The seeds that are always run."""
BATCH = 50


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_a_scenario_ends_right_when_nothing_goes_wrong(scenario: str) -> None:
    """Without any fault, each scenario ends as people expect it."""
    plan = plan_of(1, scenario)
    assert run(plan.without([*plan.faults, *plan.outages])).violations == []


@pytest.mark.parametrize("seed", FEW)
def test_a_seed_ends_right(seed: int) -> None:
    """Faults and outages by chance."""
    outcome = run(plan_of(seed))
    assert outcome.violations == [], f"./dev simulate --seed {seed} --shrink"


@pytest.mark.campaign
@pytest.mark.parametrize("begin", range(len(FEW), MANY, BATCH))
def test_many_seeds_end_right(begin: int) -> None:
    """The fixed thousand, in batches."""
    outcomes = {seed: run(plan_of(seed)) for seed in range(begin, min(begin + BATCH, MANY))}
    assert {seed: outcome.violations for seed, outcome in outcomes.items() if outcome.violations} == {}
