"""Guard and judge: the two branches of a bake, in any order, twice, and late."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from controller.domain.deployment import Bake, Counts, Step
from controller.domain.phases import Phase
from controller.errors import AwsError, LedgerConflictError, SelfrightError, TransientError
from controller.flow.guard import guard
from controller.flow.judge import judge
from controller.flow.on_alarm import on_alarm
from controller.flow.pause import pause
from controller.flow.resume import resume
from controller.flow.shared.bake import Judged
from controller.ports.world import World
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import (
    ALARM,
    CANARY,
    JUDGE,
    KEY,
    a_world,
    an_environment,
    at_weight,
    dying_everywhere,
    on_its_way,
    once,
    tripped,
)

GOOD = {"7": Counts(100, 0), "6": Counts(900, 0)}
BAD = {"7": Counts(100, 50), "6": Counts(900, 0)}
FEW = {"7": Counts(0, 0), "6": Counts(900, 0)}


def baking(counts: dict[str, Counts] | None = None, weight: int = 10, **fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A deployment that has just been shifted; what was measured of its revisions."""
    world = a_world()
    on_its_way(world, Phase.SHIFTING, weight=weight, **fields)
    world.guards.open("d2", [ALARM])
    world.metrics.known = GOOD if counts is None else counts
    at_weight(world, weight)
    return world


def seen(world: FakeWorld, step: int = 0) -> Judged:
    """What the judge says now."""
    return judge(world, "d2", step)


def test_the_first_evaluation_opens_the_bake() -> None:
    """From here the clock runs, and the phase says that it is watched."""
    world = baking()
    card = seen(world)
    assert (card.verdict, card.wait_seconds) == ("wait", 20)
    assert world.deployments.get("d2").bake == Bake(0, START, START + timedelta(seconds=60))
    assert world.deployments.get("d2").phase is Phase.BAKING


def test_at_a_hundred_percent_it_is_watching() -> None:
    """The last bake is the watch window."""
    world = baking(weight=100)
    seen(world, 1)
    assert world.deployments.get("d2").phase is Phase.BAKING


def test_looks_go_on_until_the_bake_is_over() -> None:
    """The last wait is only as long as what is left, and as the last measurements take to come in."""
    world = baking()
    seen(world)
    world.clock.forward(50)
    assert seen(world).wait_seconds == 10
    world.clock.forward(10)
    assert seen(world).wait_seconds == 5
    world.clock.forward(5)
    assert seen(world).verdict == "healthy"


def test_a_long_watch_is_looked_at_less_often() -> None:
    """An execution's history is bounded, so the number of evaluations is."""
    week = 7 * 24 * 3600
    world = baking(weight=100, steps=(Step(10, 60), Step(100, week)))
    assert week / seen(world, 1).wait_seconds < 1000


def test_what_was_seen_is_kept() -> None:
    """People, and the next evaluation, see the figures."""
    world = baking()
    seen(world)
    world.clock.forward(12)
    seen(world)
    kept = world.deployments.get("d2").evaluation
    assert kept is not None
    assert (kept.verdict, kept.canary, kept.stable) == ("healthy", Counts(100, 0), Counts(900, 0))
    assert (kept.step, kept.weight, kept.share, kept.limit) == (0, 10, 0.1, 20.0)
    first, second = world.evaluations.all("d2")
    assert (first.verdict, second.verdict) == ("no data", "healthy")
    assert [(one.component, one.metric, one.canary) for one in second.comparisons] == [
        ("api", "errors", Counts(100, 0))
    ]


def test_a_bad_canary_trips_at_once() -> None:
    """Nobody waits for the bake to end."""
    world = baking(BAD)
    seen(world)
    world.clock.forward(10)
    card = seen(world)
    assert card.verdict == "unhealthy"
    assert card.evidence == "e-value 20 of 20"
    assert "50 of 100" in card.reason
    trip = world.deployments.get("d2").trip
    assert trip is not None
    assert trip.source == "judge"


@pytest.mark.parametrize("state", ["ALARM", None])
def test_a_firing_or_missing_alarm_trips(state: str | None) -> None:
    """Even if its event was lost."""
    world = baking()
    world.alarms.known = {ALARM: state} if state else {}
    assert seen(world).verdict == "unhealthy"


def test_alarms_that_cannot_be_read_fail_closed() -> None:
    """What cannot be known counts against the canary."""
    world = baking()
    world.alarms.unreadable = AwsError("denied")
    assert seen(world).verdict == "unhealthy"


def test_a_throttled_look_is_tried_again() -> None:
    """One call too many is no reason to roll back."""
    world = baking()
    world.alarms.unreadable = TransientError("throttled")
    with pytest.raises(TransientError):
        seen(world)
    assert world.deployments.get("d2").trip is None


def test_a_trip_ends_the_bake() -> None:
    """An alarm that fired between two states is seen at the next evaluation."""
    world = baking(trip=tripped(), guard_token="guard")
    assert seen(world).verdict == "unhealthy"
    assert world.workflows.answers["guard"] == {"outcome": "concluded"}


def test_too_few_requests_extend_the_bake_once() -> None:
    """Then the environment's policy decides: roll back."""
    world = baking(FEW)
    seen(world)
    world.clock.forward(65)
    assert seen(world).verdict == "wait"
    bake = world.deployments.get("d2").bake
    assert bake is not None
    assert (bake.extended, bake.ends_at) == (True, START + timedelta(seconds=125))
    world.clock.forward(65)
    assert seen(world).verdict == "unhealthy"


def held() -> FakeWorld:
    """A bake that a person must decide, with its guard waiting."""
    world = baking(FEW)
    world.environments.known[KEY] = an_environment(judge={**JUDGE, "when_inconclusive": "pause"})
    guard(world, "d2", 0, "guard")
    seen(world)
    for _ in range(2):
        world.clock.forward(65)
        card = seen(world)
    assert card.verdict == "pause"
    pause(world, "d2", "paused")
    return world


def test_too_few_requests_can_pause() -> None:
    """The token for the person is kept, and the guard goes on."""
    world = held()
    assert world.deployments.get("d2").pause_token == "paused"
    assert "guard" not in world.workflows.answers


def test_a_person_lets_it_go_on() -> None:
    """The guard is closed, so that the bake ends; resuming twice is harmless."""
    world = held()
    assert resume(world, "d2").verdict == "healthy"
    assert resume(world, "d2").verdict == "healthy"
    assert world.workflows.answers["guard"] == {"outcome": "concluded"}


def test_an_alarm_ends_a_pause() -> None:
    """The guard's task fails, and with it the bake."""
    world = held()
    on_alarm(world, ALARM, "Too many errors.")
    assert "Too many errors" in str(world.workflows.answers["guard"])


def test_there_is_nothing_to_resume_before_a_bake() -> None:
    """A person who is too early is told so."""
    with pytest.raises(SelfrightError, match="no open bake"):
        resume(baking(), "d2")


@pytest.mark.parametrize("first", ["guard", "judge"])
def test_the_guard_is_closed_whoever_comes_first(first: str) -> None:
    """A Parallel ends only when both branches have ended: the guard that opens late must close itself."""
    world = baking()
    seen(world)
    world.clock.forward(65)
    if first == "guard":
        guard(world, "d2", 0, "guard")
        seen(world)
    else:
        seen(world)
        guard(world, "d2", 0, "guard")
    assert world.workflows.answers["guard"] == {"outcome": "concluded"}


@pytest.mark.parametrize("first", ["guard", "alarm"])
def test_an_alarm_reaches_the_guard_whoever_comes_first(first: str) -> None:
    """An alarm that fires before the guard opens still ends the bake."""
    world = baking()
    if first == "guard":
        guard(world, "d2", 0, "guard")
    on_alarm(world, ALARM, "Too many errors.")
    if first == "alarm":
        guard(world, "d2", 0, "guard")
    assert "Too many errors" in str(world.workflows.answers["guard"])


def test_the_guard_of_the_next_step_stays_open() -> None:
    """The bake before was concluded; the new guard opens before the new bake does."""
    world = baking()
    seen(world)
    world.clock.forward(65)
    seen(world)
    guard(world, "d2", 1, "second")
    assert "second" not in world.workflows.answers


def test_what_comes_late_does_not_touch_the_next_bake() -> None:
    """An evaluation or a guard of the first step that is delivered again during the second writes nothing."""
    world = baking(weight=100)
    seen(world, 1)
    guard(world, "d2", 1, "second")
    before = world.deployments.get("d2")
    with pytest.raises(LedgerConflictError):
        seen(world, 0)
    with pytest.raises(LedgerConflictError):
        guard(world, "d2", 0, "first")
    assert world.deployments.get("d2") == before


def test_what_is_rolled_back_is_not_judged() -> None:
    """A judge that is late does not bring a deployment back to life."""
    world = baking()
    seen(world)
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), phase=Phase.ROLLING_BACK)
    with pytest.raises(LedgerConflictError):
        seen(world)
    assert world.deployments.get("d2").phase is Phase.ROLLING_BACK


def test_components_that_are_not_measured_are_watched_by_alarms() -> None:
    """A site has no errors by revision: quiet alarms are enough."""
    world = baking({}, staged={"site": CANARY["site"]})
    seen(world)
    world.clock.forward(60)
    assert seen(world).verdict == "healthy"
    assert world.metrics.asked == []


@pytest.mark.parametrize("counts", [GOOD, BAD])
def test_wherever_an_evaluation_dies_it_can_be_done_again(counts: dict[str, Counts]) -> None:
    """The second evaluation ends the bake as the first one would have, and closes the guard."""

    def make() -> FakeWorld:
        world = baking(counts)
        guard(world, "d2", 0, "guard")
        world.deployments.known["d2"] = replace(
            world.deployments.get("d2"), bake=Bake(0, START, START + timedelta(seconds=10))
        )
        world.clock.forward(20)
        return world

    def act(world: World) -> None:
        judge(world, "d2", 0)

    for where, world in dying_everywhere(make, act):
        assert seen(world).verdict == ("healthy" if counts is GOOD else "unhealthy"), where
        assert "guard" in world.workflows.answers, where


def test_what_is_late_is_waited_for_and_then_done_without() -> None:
    """A side that never reports anything does not hold the release for ever."""
    world = baking({"6": Counts(900, 0)})
    seen(world)
    world.clock.forward(70)
    assert (seen(world).verdict, world.evaluations.all("d2")[-1].verdict) == ("wait", "one-sided data")
    world.clock.forward(70)
    seen(world)
    world.clock.forward(80)
    assert "one side only" in seen(world).reason
    assert world.deployments.get("d2").trip is not None


def test_two_looks_at_the_same_time_count_once() -> None:
    """The one that is slower is made again, and finds everything weighed."""
    world = baking(BAD)
    seen(world)
    world.clock.forward(10)
    world.evaluations.before_carry = once(
        lambda: world.evaluations.carry("d2", *world.evaluations.state("d2"), world.clock.now())
    )
    with pytest.raises(TransientError, match="faster"):
        seen(world)
    assert seen(world).verdict == "unhealthy"


def test_evidence_is_carried_to_the_next_step() -> None:
    """What the first step showed is not forgotten when the weight changes."""
    world = baking(steps=(Step(10, 60), Step(50, 60), Step(100, 60)))
    seen(world)
    world.clock.forward(65)
    seen(world)
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), weight=50)
    seen(world, 1)
    world.clock.forward(10)
    seen(world, 1)
    first, last = world.evaluations.all("d2")[1], world.evaluations.all("d2")[-1]
    assert (last.step, last.weight) == (1, 50)
    assert last.canary.requests > first.canary.requests


def promoted(**judge: Any) -> FakeWorld:  # noqa: ANN401 - any key
    """An environment that promotes early, in which both sides are without errors."""
    world = baking()
    world.environments.known[KEY] = an_environment(judge={**JUDGE, "promote_early": True, "tolerance": 0.1, **judge})
    return world


def test_a_canary_that_is_certainly_good_is_promoted_early() -> None:
    """The rest of the bake is skipped."""
    world = promoted()
    seen(world)
    world.clock.forward(20)
    assert seen(world).verdict == "healthy"
    assert "promoted_early" in world.deployments.kinds("d2")


@pytest.mark.parametrize("judge", [{"minimum_requests": 1000}, {"promote_early": False}])
def test_nothing_is_promoted_early_before_its_minimum_or_unasked(judge: dict[str, Any]) -> None:
    """However good it looks."""
    world = promoted(**judge)
    seen(world)
    world.clock.forward(20)
    assert seen(world).verdict == "wait"


def test_a_limit_of_the_environment_rolls_back_whatever_stable_does() -> None:
    """Both sides fail alike, and it is too much all the same."""
    world = baking({"7": Counts(100, 20), "6": Counts(900, 180)})
    limits = {"error_rate": 0.1, "short": "5s", "long": "10s"}
    world.environments.known[KEY] = an_environment(judge={**JUDGE, "limits": limits})
    seen(world)
    world.clock.forward(20)
    card = seen(world)
    assert card.verdict == "unhealthy"
    assert "limit of 10 %" in card.reason


def test_limits_hold_for_everybody_too() -> None:
    """At 100 % there is nobody to compare with."""
    world = baking({"7": Counts(100, 20)}, weight=100)
    limits = {"error_rate": 0.1, "short": "5s", "long": "10s"}
    world.environments.known[KEY] = an_environment(judge={**JUDGE, "limits": limits})
    seen(world, 1)
    world.clock.forward(20)
    assert seen(world, 1).verdict == "unhealthy"


def test_limits_look_back_far_enough_however_long_a_period_is() -> None:
    """Whether too few requests succeeded is known once there are periods for the whole window."""
    world = baking({"7": Counts(10, 0)}, weight=100)
    limits = {"minimum_successes": 1000, "short": "20s", "long": "40s"}
    judge = {"evaluate_every": "20s", "period": "20s", "settle": "0s", "limits": limits}
    world.environments.known[KEY] = an_environment(judge=judge)
    world.clock.forward(5)
    verdicts = []
    for _ in range(6):
        verdicts.append(seen(world, 1).verdict)
        world.clock.forward(20)
    assert verdicts[:3] == ["wait"] * 3
    assert "unhealthy" in verdicts


def test_missing_requests_are_sent_if_the_environment_allows() -> None:
    """After the longer bake, by the release's checks, through the front door, and once."""
    world = baking(FEW)
    world.environments.known[KEY] = an_environment(judge={**JUDGE, "synthetic": {"requests": 30}})
    seen(world)
    for _ in range(2):
        world.clock.forward(65)
        assert seen(world).verdict == "wait"
    assert world.probe.asked == ["https://api.example/health"] * 30
    world.clock.forward(65)
    assert seen(world).verdict == "unhealthy"
    assert len(world.probe.asked) == 30


def test_synthetic_requests_can_be_enough() -> None:
    """They count as the visitors' do."""
    world = baking(FEW)
    world.environments.known[KEY] = an_environment(judge={**JUDGE, "synthetic": {"requests": 30}})
    seen(world)
    for _ in range(2):
        world.clock.forward(65)
        seen(world)
    world.metrics.known = GOOD
    world.clock.forward(65)
    assert seen(world).verdict == "healthy"
