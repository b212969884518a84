"""Evaluations that the controller's own flow has made, explained and replayed."""

from datetime import timedelta

from controller.domain.deployment import Counts
from controller.domain.phases import Phase
from controller.flow.judge import judge
from selfright.account.status import DeploymentRecord
from selfright.backtest.incidents import incident
from selfright.explaining.explanation import explain
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import ALARM, a_world, an_environment, at_weight, on_its_way

BAD = {"7": Counts(100, 50), "6": Counts(900, 0)}


def judged() -> FakeWorld:
    """A deployment that the judge has tripped: half of the canary's requests fail."""
    world = a_world()
    on_its_way(world, Phase.SHIFTING, weight=10)
    world.guards.open("d2", [ALARM])
    world.metrics.known = BAD
    at_weight(world, 10)
    for _ in range(10):
        if judge(world, "d2", 0).verdict == "unhealthy":
            return world
        world.clock.forward(20)
    raise AssertionError("the judge never said so")


def test_what_the_flow_has_kept_explains_the_rollback() -> None:
    """The metric, both sides' counts, the e-value and its limit are those of the evaluation that ended it."""
    world = judged()
    one, evaluations = world.deployments.get("d2"), world.evaluations.all("d2")
    said = explain(DeploymentRecord(one), evaluations)
    assert said.decisive == evaluations[-1]
    assert said.metric == "The judge ended it by api's errors: the canary has more of them than chance explains."
    last = evaluations[-1]
    assert f"{last.canary.errors} of {last.canary.requests} requests" in said.numbers
    assert f"where {last.limit:.3g} rolls back" in said.numbers
    assert said.evaluation.startswith(
        f"That was evaluation {len(evaluations)} of {len(evaluations)}, in step 1 at 10 %"
    )


def test_the_same_policy_judges_the_incident_at_the_same_evaluation() -> None:
    """A replay of the evaluations' counts has as much evidence as the judge had."""
    world = judged()
    one, evaluations = world.deployments.get("d2"), world.evaluations.all("d2")
    found = incident(one, evaluations, START, an_environment().judge)
    assert found.source == "judge"
    assert found.judged == (evaluations[-1].at - START) / timedelta(seconds=1)
    assert found.e_value >= found.limit * (1 - 1e-6)
