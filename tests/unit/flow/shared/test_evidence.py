"""What an evaluation weighs: latency beside errors, stable's past, and only what is new."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.domain.deployment import Bake, Counts, Step
from controller.domain.judging.evidence import Carried
from controller.domain.phases import Phase
from controller.flow.judge import judge
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import CANARY, JUDGE, KEY, STABLE, a_world, an_environment, at_weight, on_its_way

USUAL = {"api": {"p50": 20.0, "p90": 90.0}}
MOST_BYTES = 4096


def timed(canary: Counts, stable: Counts, seconds: int = 60) -> FakeWorld:
    """A bake in which nothing fails, and these requests of each period are slow on either side."""
    world = a_world()
    on_its_way(world, Phase.SHIFTING, weight=10, steps=(Step(10, seconds), Step(100, 60)))
    at_weight(world, 10)
    world.metrics.known = {"7": Counts(100, 0), "6": Counts(900, 0)}
    world.metrics.slow = {"7": canary, "6": stable}
    world.metrics.usual = USUAL
    return world


def verdict(world: FakeWorld, seconds: int) -> str:
    """The verdict after so many seconds of evaluations."""
    card = judge(world, "d2", 0)
    while seconds > 0 and card.verdict == "wait":
        world.clock.forward(10)
        seconds -= 10
        card = judge(world, "d2", 0)
    return str(card.verdict)


def test_a_slower_canary_is_unhealthy() -> None:
    """Half of its requests are beyond what one in ten of stable's are."""
    world = timed(Counts(100, 50), Counts(900, 90))
    assert verdict(world, 60) == "unhealthy"
    last = world.evaluations.all("d2")[-1]
    slow = [one for one in last.comparisons if one.metric in {"p50", "p90"}]
    assert {one.threshold_ms for one in slow} == {20.0, 90.0}
    assert "slower" in last.reason


def test_a_canary_as_quick_as_stable_is_healthy() -> None:
    """The same share on both sides is no difference."""
    assert verdict(timed(Counts(100, 10), Counts(900, 90)), 90) == "healthy"


def test_no_risk_is_spent_on_what_is_not_measured() -> None:
    """Without thresholds there is one thing to compare."""
    world = timed(Counts(100, 10), Counts(900, 90))
    world.metrics.usual = {}
    judge(world, "d2", 0)
    carried = Carried.read(world.evaluations.state("d2")[0])
    assert carried is not None
    assert carried.trial.metrics == ("errors",)


def test_the_trial_of_another_judge_starts_over() -> None:
    """A controller that is updated during a bake does not roll back for that."""
    world = timed(Counts(100, 10), Counts(900, 90))
    judge(world, "d2", 0)
    text, written = world.evaluations.state("d2")
    world.evaluations.carry("d2", text.replace('"method":"', '"method":"older '), written, world.clock.now())
    assert verdict(world, 90) == "healthy"


def test_a_trial_that_starts_over_learns_nothing_from_the_bake() -> None:
    """Clusters and thresholds come from the time before the bake, never from what is judged."""
    world = timed(Counts(100, 10), Counts(900, 90))
    world.clock.forward(40)
    bake = Bake(0, START, START + timedelta(seconds=60))
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), bake=bake)
    judge(world, "d2", 0)
    (_, past), (since, _) = world.metrics.asked
    assert (past, since) == (START, START)


def test_the_state_stays_small_however_long_the_bake() -> None:
    """It is written at every evaluation."""
    world = timed(Counts(100, 10), Counts(900, 90), seconds=3600)
    world.environments.known[KEY] = an_environment(judge={**JUDGE, "evaluate_every": "1m", "alpha": 1e-9})
    verdict(world, 3000)
    assert len(world.evaluations.state("d2")[0]) < MOST_BYTES


@pytest.mark.parametrize(("minutes", "said"), [(45, "healthy"), (1, "unhealthy")])
def test_when_visitors_leave_the_evidence_so_far_decides(minutes: int, said: str) -> None:
    """What was measured in the step counts, if it is enough, once it is clear that no more will come."""
    world = timed(Counts(100, 10), Counts(900, 90), seconds=3600)
    world.environments.known[KEY] = an_environment(
        judge={
            "evaluate_every": "1m",
            "period": "1m",
            "minimum_requests": 101,
            "when_inconclusive": "roll_back",
        }
    )
    world.metrics.until = START + timedelta(minutes=minutes)
    said_so_far = [str(judge(world, "d2", 0).verdict)]
    while said_so_far[-1] == "wait":
        world.clock.forward(60)
        said_so_far.append(str(judge(world, "d2", 0).verdict))
    assert said_so_far[-1] == said
    assert len(said_so_far) > 2 * 60


def test_only_what_is_new_is_measured() -> None:
    """Measurements reach only as far back as the limits do."""
    world = timed(Counts(100, 10), Counts(900, 90), seconds=3600)
    limits = {"error_rate": 0.5, "short": "5s", "long": "10s"}
    world.environments.known[KEY] = an_environment(judge={**JUDGE, "limits": limits})
    verdict(world, 600)
    since, until = world.metrics.asked[-1]
    assert until - since < timedelta(seconds=60)


def test_a_period_is_weighed_once_however_often_it_is_measured() -> None:
    """Two evaluations without a period between them have the same counts."""
    world = timed(Counts(100, 10), Counts(900, 90))
    verdict(world, 20)
    before = world.evaluations.all("d2")[-1]
    world.clock.forward(1)
    judge(world, "d2", 0)
    after = world.evaluations.all("d2")[-1]
    assert (after.canary, after.e_value) == (before.canary, pytest.approx(before.e_value))


@pytest.mark.parametrize("staged", [{"site": CANARY["site"], "api": STABLE["api"]}, CANARY])
def test_only_what_changed_and_is_measured_is_compared(staged: dict[str, object]) -> None:
    """A site is not measured by revision, and an unchanged API cannot be worse."""
    world = timed(Counts(100, 10), Counts(900, 90))
    bake = Bake(0, START, START + timedelta(seconds=60))
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), staged=staged, bake=bake)
    judge(world, "d2", 0)
    assert bool(world.evaluations.state("d2")[0]) == (staged is CANARY)
    assert world.evaluations.all("d2")[0].data == ("none" if staged is CANARY else "uncompared")
