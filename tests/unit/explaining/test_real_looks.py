"""Looks that the controller's own flow has made, explained and replayed."""

from datetime import timedelta

from controller.domain.deployment import Counts
from controller.domain.phases import Phase
from controller.flow.watching import look
from selfright.backtest.incidents import incident
from selfright.explaining.explanation import explain
from selfright.story import Story
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
        if look(world, "d2", 0)["verdict"] == "unhealthy":
            return world
        world.clock.forward(20)
    raise AssertionError("the judge never said so")


def test_what_the_flow_has_kept_explains_the_rollback() -> None:
    """The metric, both sides' counts, the e-value and its limit are those of the look that ended it."""
    world = judged()
    one, looks = world.deployments.get("d2"), world.looks.all("d2")
    said = explain(Story(one), looks)
    assert said.decisive == looks[-1]
    assert (
        said.metric == "The judge ended it by api's errors: more of them are on the canary than chance would put there."
    )
    last = looks[-1]
    assert f"{last.canary.errors} of {last.canary.requests} requests" in said.numbers
    assert f"where {last.limit:.3g} rolls back" in said.numbers
    assert said.look.startswith(f"That was look {len(looks)} of {len(looks)}, in step 1 at 10 %")


def test_the_same_policy_judges_the_incident_at_the_same_look() -> None:
    """A replay of the looks' counts has as much evidence as the judge had."""
    world = judged()
    one, looks = world.deployments.get("d2"), world.looks.all("d2")
    found = incident(one, looks, START, an_environment().judge)
    assert found.source == "judge"
    assert found.judged == (looks[-1].at - START) / timedelta(seconds=1)
    assert found.e_value >= found.limit * (1 - 1e-6)
