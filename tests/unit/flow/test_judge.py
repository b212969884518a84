"""Judge canary: evaluations of a bake, in time, twice, and late."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from controller.domain.deployment import Bake, Counts, Revision, Step, Written
from controller.domain.judging.verdict import BLINDNESS
from controller.domain.phases import Phase
from controller.errors import AwsError, LedgerConflictError, TransientError
from controller.flow.complete import complete
from controller.flow.guard import guard
from controller.flow.judge import judge
from controller.ports.world import World
from tests.fakes import START, FakeWorld
from tests.unit.flow.scenes import (
    ALARM,
    API_ONLY,
    BAD,
    CANARY,
    FEW,
    GOOD,
    JUDGE,
    KEY,
    SITE_ONLY,
    STABLE,
    a_world,
    an_environment,
    at_weight,
    baking,
    baking_beside,
    dying_everywhere,
    evaluate,
    messages,
    on_its_way,
    once,
    tripped,
)

WAITS = 15
"""Seconds: three times the time in which numbers usually arrive."""


def test_the_first_evaluation_opens_the_bake() -> None:
    """From here the clock runs, and the phase is BAKING."""
    world = baking()
    card = evaluate(world)
    assert (card.verdict, card.wait_seconds) == ("wait", 20)
    assert world.deployments.get("d2").bake == Bake(
        0, START, START + timedelta(seconds=60), waits_until=START + timedelta(seconds=60 + WAITS)
    )
    assert world.deployments.get("d2").phase is Phase.BAKING


def test_at_a_hundred_percent_it_bakes_as_well() -> None:
    """The last bake is the final bake."""
    world = baking(weight=100)
    evaluate(world, 1)
    assert world.deployments.get("d2").phase is Phase.BAKING


def test_evaluations_go_on_until_the_bake_is_over() -> None:
    """The last waits are only as long as the rest of the bake, and as the last measurements take to arrive."""
    world = baking()
    evaluate(world)
    world.clock.forward(50)
    assert evaluate(world).wait_seconds == 10
    world.clock.forward(10)
    assert evaluate(world).wait_seconds == 5
    world.clock.forward(5)
    assert evaluate(world).verdict == "healthy"


def test_a_bake_without_versions_to_compare_waits_for_no_numbers() -> None:
    """Its end is its time."""
    world = baking(weight=100)
    evaluate(world, 1)
    bake = world.deployments.get("d2").bake
    assert bake is not None
    assert bake.waits_until is None


def test_a_long_bake_is_evaluated_less_often() -> None:
    """An execution's history is bounded, so the number of evaluations is bounded, too."""
    week = 7 * 24 * 3600
    world = baking(weight=100, steps=(Step(10, 60), Step(100, week)))
    assert week / evaluate(world, 1).wait_seconds < 1000


def test_what_was_seen_is_kept() -> None:
    """People, and the next evaluation, see the figures."""
    world = baking()
    evaluate(world)
    world.clock.forward(12)
    evaluate(world)
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
    """The judge does not wait for the bake to end."""
    world = baking(BAD)
    evaluate(world)
    world.clock.forward(10)
    card = evaluate(world)
    assert card.verdict == "unhealthy"
    assert card.evidence == "e-value 20 of 20"
    assert "50 of 100" in card.reason
    trip = world.deployments.get("d2").trip
    assert trip is not None
    assert trip.source == "judge"


@pytest.mark.parametrize("state", ["ALARM", None])
def test_a_firing_or_missing_alarm_trips(state: str | None) -> None:
    """This holds even if the alarm's event was lost."""
    world = baking()
    world.alarms.known = {ALARM: state} if state else {}
    assert evaluate(world).verdict == "unhealthy"


def test_alarms_that_cannot_be_read_fail_closed() -> None:
    """An unknown state counts against the canary."""
    world = baking()
    world.alarms.unreadable = AwsError("denied")
    assert evaluate(world).verdict == "unhealthy"


def test_a_throttled_evaluation_is_repeated() -> None:
    """One call too many is no reason to roll back."""
    world = baking()
    world.alarms.unreadable = TransientError("throttled")
    with pytest.raises(TransientError):
        evaluate(world)
    assert world.deployments.get("d2").trip is None


def test_a_trip_ends_the_bake() -> None:
    """An alarm that fired between two states is seen at the next evaluation."""
    world = baking(trip=tripped(), guard_tokens=("guard",))
    assert evaluate(world).verdict == "unhealthy"
    assert world.workflows.answers["guard"] == {"outcome": "concluded"}


def test_too_few_requests_extend_the_bake_once() -> None:
    """Then the environment's policy decides: roll back."""
    world = baking(FEW)
    evaluate(world)
    world.clock.forward(65)
    assert evaluate(world).verdict == "wait"
    bake = world.deployments.get("d2").bake
    assert bake is not None
    assert (bake.extended, bake.ends_at) == (True, START + timedelta(seconds=125))
    assert bake.waits_until == START + timedelta(seconds=125 + WAITS)
    said = next(one for one in messages(world, "extended"))
    latest = f"{bake.waits_until:%H:%M:%S}"
    assert said.endswith(
        f", until {bake.ends_at:%H:%M:%S} UTC; for a version that is silent, the judge waits until {latest}."
    )
    world.clock.forward(65)
    assert evaluate(world).verdict == "unhealthy"


def test_what_is_rolled_back_is_not_judged() -> None:
    """A late evaluation does not revive the deployment."""
    world = baking()
    evaluate(world)
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), phase=Phase.ROLLING_BACK)
    with pytest.raises(LedgerConflictError):
        evaluate(world)
    assert world.deployments.get("d2").phase is Phase.ROLLING_BACK


def test_components_that_are_not_measured_are_guarded_by_alarms() -> None:
    """A site has no errors by revision: quiet alarms are enough."""
    world = baking({}, staged={"site": CANARY["site"]})
    evaluate(world)
    world.clock.forward(60)
    assert evaluate(world).verdict == "healthy"
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
        assert evaluate(world).verdict == ("healthy" if counts is GOOD else "unhealthy"), where
        assert "guard" in world.workflows.answers, where


def test_late_measurements_are_waited_for_but_not_for_ever() -> None:
    """A side that never reports anything does not hold the release for ever."""
    world = baking({"6": Counts(900, 0)})
    evaluate(world)
    world.clock.forward(70)
    assert (evaluate(world).verdict, world.evaluations.all("d2")[-1].verdict) == ("wait", "one-sided data")
    world.clock.forward(70)
    evaluate(world)
    world.clock.forward(80)
    assert "one side only" in evaluate(world).reason
    assert world.deployments.get("d2").trip is not None


def test_two_evaluations_at_the_same_time_count_once() -> None:
    """The slower one is repeated, and finds everything weighed."""
    world = baking(BAD)
    evaluate(world)
    world.clock.forward(10)
    world.evaluations.before_carry = once(
        lambda: world.evaluations.carry("d2", *world.evaluations.state("d2"), world.clock.now())
    )
    with pytest.raises(TransientError, match="faster"):
        evaluate(world)
    assert evaluate(world).verdict == "unhealthy"


def test_evidence_is_carried_to_the_next_step() -> None:
    """The evidence of the first step is kept when the weight changes."""
    world = baking(steps=(Step(10, 60), Step(50, 60), Step(100, 60)))
    evaluate(world)
    world.clock.forward(65)
    evaluate(world)
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), weight=50)
    evaluate(world, 1)
    world.clock.forward(10)
    evaluate(world, 1)
    first, last = world.evaluations.all("d2")[1], world.evaluations.all("d2")[-1]
    assert (last.step, last.weight) == (1, 50)
    assert last.canary.requests > first.canary.requests


def promoting_early(**judge: Any) -> FakeWorld:  # noqa: ANN401 - any key
    """An environment that promotes early, in which both sides are without errors."""
    world = baking()
    world.environments.known[KEY] = an_environment(judge={**JUDGE, "promote_early": True, "tolerance": 0.1, **judge})
    return world


def test_a_canary_that_is_certainly_good_is_promoted_early() -> None:
    """The rest of the bake is skipped."""
    world = promoting_early()
    evaluate(world)
    world.clock.forward(20)
    assert evaluate(world).verdict == "healthy"
    assert "promoted_early" in world.deployments.kinds("d2")


@pytest.mark.parametrize("judge", [{"minimum_requests": 1000}, {"promote_early": False}])
def test_nothing_is_promoted_early_before_its_minimum_or_unasked(judge: dict[str, Any]) -> None:
    """A good canary alone is not enough."""
    world = promoting_early(**judge)
    evaluate(world)
    world.clock.forward(20)
    assert evaluate(world).verdict == "wait"


def test_a_limit_of_the_environment_rolls_back_whatever_stable_does() -> None:
    """Both sides fail alike, and still above the limit."""
    world = baking({"7": Counts(100, 20), "6": Counts(900, 180)})
    limits = {"error_rate": 0.1, "short": "5s", "long": "10s"}
    world.environments.known[KEY] = an_environment(judge={**JUDGE, "limits": limits})
    evaluate(world)
    world.clock.forward(20)
    card = evaluate(world)
    assert card.verdict == "unhealthy"
    assert "limit of 10 %" in card.reason


def test_limits_hold_at_a_hundred_percent_too() -> None:
    """At 100 % there is no other version to compare with."""
    world = baking({"7": Counts(100, 20)}, weight=100)
    limits = {"error_rate": 0.1, "short": "5s", "long": "10s"}
    world.environments.known[KEY] = an_environment(judge={**JUDGE, "limits": limits})
    evaluate(world, 1)
    world.clock.forward(20)
    assert evaluate(world, 1).verdict == "unhealthy"


def test_limits_look_back_far_enough_however_long_a_period_is() -> None:
    """Whether too few requests succeeded is known once there are periods for the whole window."""
    world = baking({"7": Counts(10, 0)}, weight=100)
    limits = {"minimum_successes": 1000, "short": "20s", "long": "40s"}
    judge = {"evaluate_every": "20s", "period": "20s", "settle": "0s", "limits": limits}
    world.environments.known[KEY] = an_environment(judge=judge)
    world.clock.forward(5)
    verdicts = []
    for _ in range(6):
        verdicts.append(evaluate(world, 1).verdict)
        world.clock.forward(20)
    assert verdicts[:3] == ["wait"] * 3
    assert "unhealthy" in verdicts


def test_missing_requests_are_sent_if_the_environment_allows() -> None:
    """They are sent after the longer bake, by the release's checks, from outside, and once."""
    world = baking(FEW)
    world.environments.known[KEY] = an_environment(judge={**JUDGE, "synthetic": {"requests": 30}})
    evaluate(world)
    for _ in range(2):
        world.clock.forward(65)
        assert evaluate(world).verdict == "wait"
    assert world.probe.asked == ["https://api.example/health"] * 30
    world.clock.forward(65)
    assert evaluate(world).verdict == "unhealthy"
    assert len(world.probe.asked) == 30


def test_synthetic_requests_can_be_enough() -> None:
    """They count as the visitors' do."""
    world = baking(FEW)
    world.environments.known[KEY] = an_environment(judge={**JUDGE, "synthetic": {"requests": 30}})
    evaluate(world)
    for _ in range(2):
        world.clock.forward(65)
        evaluate(world)
    world.metrics.known = GOOD
    world.clock.forward(65)
    assert evaluate(world).verdict == "healthy"


def test_every_evaluation_rehearses_the_alarm() -> None:
    """So the function that reacts to it is warm when it is needed."""
    world = a_world()
    on_its_way(world, Phase.SHIFTING, weight=10)
    judge(world, "d2", 0)
    assert world.rehearsals.started == ["d2"]


def test_a_rehearsal_that_cannot_start_does_not_disturb_the_evaluation() -> None:
    """An alarm would still be handled."""
    world = a_world()
    on_its_way(world, Phase.SHIFTING, weight=10)
    world.rehearsals.trouble = AwsError("denied")
    assert judge(world, "d2", 0).verdict == "wait"


def test_newcomers_are_not_compared() -> None:
    """The placeholder's answers say nothing about the release, neither for it nor against it."""
    world = baking_beside(SITE_ONLY, {"7": Counts(1000, 300), "6": Counts(10, 0)})
    assert judge(world, "d2", 0).verdict == "healthy"
    assert world.evaluations.all("d2")[-1].data == "uncompared"


def test_the_same_figures_condemn_what_was_live() -> None:
    """Only the comparison is left out for newcomers, and nothing else."""
    world = baking_beside({**API_ONLY, **SITE_ONLY}, {"7": Counts(1000, 300), "6": Counts(1000, 0)})
    at_weight(world, 10)
    assert judge(world, "d2", 0).verdict == "unhealthy"


def test_limits_hold_for_newcomers_from_the_first_step_on() -> None:
    """They hold as for every revision that all visitors get."""
    limits = {"error_rate": 0.1, "short": "5s", "long": "10s"}
    world = baking_beside(SITE_ONLY, {"7": Counts(1000, 300), "6": Counts(10, 0)}, limits=limits)
    card = judge(world, "d2", 0)
    assert (card.verdict, "limit of 10 %" in card.reason) == ("unhealthy", True)


def test_limits_hold_for_newcomers_beside_what_is_compared() -> None:
    """One function is compared and well, the other is new and over its limit."""
    limits = {"error_rate": 0.1, "short": "5s", "long": "10s"}
    world = baking_beside({**API_ONLY, **SITE_ONLY}, {"7": Counts(100, 0), "6": Counts(900, 0), "9": Counts(1000, 300)})
    known = an_environment().model_dump()["components"]
    ai = {"kind": "function", "function_name": "ai"}
    world.environments.known[KEY] = an_environment(components={**known, "ai": ai}, judge={**JUDGE, "limits": limits})
    deployment = world.deployments.get("d2")
    world.deployments.known["d2"] = replace(
        deployment,
        staged={**deployment.staged, "ai": Revision("9")},
        restore_point={**STABLE, "ai": Revision("1")},
    )
    assert world.deployments.get("d2").newcomers == ("ai",)
    card = judge(world, "d2", 0)
    assert (card.verdict, card.reason.partition(":")[0]) == ("unhealthy", "ai")


def unjudged(canary: int, stable: int, **judge_policy: object) -> tuple[FakeWorld, str]:
    """A bake with so many requests in a period, and far fewer than the minimum, judged to its end; its verdict."""
    world = baking({"7": Counts(canary, 0), "6": Counts(stable, 0)})
    world.environments.known[KEY] = an_environment(judge={**JUDGE, "minimum_requests": 10_000, **judge_policy})
    said = judge(world, "d2", 0)
    while said.verdict == "wait":
        world.clock.forward(said.wait_seconds)
        said = judge(world, "d2", 0)
    return world, str(said.verdict)


def test_a_canary_with_too_few_requests_goes_on_when_nothing_speaks_against_it() -> None:
    """Alarms are quiet, checks have passed: a quiet night is no reason to roll back. The end says so."""
    world, verdict = unjudged(7, 63)
    assert verdict == "healthy"
    said = world.deployments.get("d2").unjudged
    assert re.fullmatch(r"Not judged: \d+ of 10000 requests on the canary\.", said)
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), weight=100)
    assert complete(world, "d2").deployment.reason == said


def test_a_canary_that_no_visitor_can_reach_does_not_go_on() -> None:
    """With so many requests on stable it would have got some."""
    world, verdict = unjudged(0, 900)
    assert verdict == "unhealthy"
    trip = world.deployments.get("d2").trip
    assert trip is not None
    assert trip.source == "inconclusive"
    assert "no chance with" in trip.reason


def test_an_environment_may_insist_on_a_verdict() -> None:
    """Then it is rolled back, and not condemned."""
    world, verdict = unjudged(7, 63, when_inconclusive="roll_back")
    assert verdict == "unhealthy"
    assert not world.deployments.get("d2").is_condemned


def test_an_alarm_that_the_judge_sees_is_an_alarm_with_its_time() -> None:
    """Its event may come later, or never, and would say the same; what was measured before does not condemn it."""
    measured = START + timedelta(minutes=1)
    world = baking(reached_at=START + timedelta(minutes=2))
    world.alarms.known[ALARM] = "ALARM"
    world.alarms.until[ALARM], world.alarms.why[ALARM] = measured, "3 errors in a minute"
    assert judge(world, "d2", 0).verdict == "unhealthy"
    deployment = world.deployments.get("d2")
    assert deployment.trip is not None
    assert (deployment.trip.source, deployment.trip.data_until) == ("alarm", measured)
    assert deployment.trip.reason == f"Alarm {ALARM}: 3 errors in a minute"
    assert not deployment.is_condemned


@pytest.mark.parametrize("gone", [True, False])
def test_an_alarm_that_is_gone_or_unreadable_ends_it_and_says_nothing_against_it(gone: bool) -> None:
    """Without its guard no release goes on; but that is a fault of the surroundings, and the version is not spent."""
    world = baking(GOOD)
    if gone:
        del world.alarms.known[ALARM]
    else:
        world.alarms.unreadable = AwsError("denied")
    assert judge(world, "d2", 0).verdict == "unhealthy"
    deployment = world.deployments.get("d2")
    assert (deployment.trip and deployment.trip.source, deployment.is_condemned) == ("fault", False)


def test_a_step_is_seen_when_its_requests_are_in_the_numbers() -> None:
    """It was written long before, and arrived in between; the ledger keeps all three moments."""
    world = baking(GOOD)
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), written=Written(10, START, arrived_at=START))
    judge(world, "d2", 0)
    assert messages(world, "seen") == []
    world.clock.forward(20)
    judge(world, "d2", 0)
    world.clock.forward(20)
    judge(world, "d2", 0)
    written = world.deployments.get("d2").written
    assert written == Written(10, START, (), START, START + timedelta(seconds=20))
    assert messages(world, "seen") == ["The step is seen in the numbers, 20 s after it was written."]


def test_an_alarm_that_still_fires_for_what_was_before_the_release_is_waited_for() -> None:
    """Only as long as it cannot have become quiet again: then it fires for the release."""
    world = baking(GOOD)
    world.alarms.known[ALARM] = "ALARM"
    world.alarms.until[ALARM] = world.deployments.get("d2").created_at
    assert judge(world, "d2", 0).verdict == "wait"
    world.clock.forward(16 * 60)
    assert judge(world, "d2", 0).verdict == "unhealthy"


def first(since: timedelta) -> FakeWorld:
    """The first release, with all visitors, while an alarm fires for a minute that began so long after them."""
    world = baking(GOOD, weight=100, previous="", reached_at=START)
    world.alarms.known[ALARM] = "ALARM"
    world.alarms.since[ALARM] = START + since
    world.alarms.until[ALARM] = START + since + timedelta(minutes=1)
    return world


def test_an_alarm_of_what_was_there_before_the_first_release_is_waited_for() -> None:
    """It has the time in which it must be quiet again; after that, it fires for the release."""
    world = first(timedelta(seconds=-30))
    assert judge(world, "d2", 0).verdict == "wait"
    world.clock.forward(7 * 60)
    assert judge(world, "d2", 0).verdict == "wait"
    world.clock.forward(2 * 60)
    assert judge(world, "d2", 0).verdict == "unhealthy"


def test_the_first_release_answers_for_its_own_alarm() -> None:
    """All of its newest measurement was made when visitors had the release."""
    assert judge(first(timedelta(0)), "d2", 0).verdict == "unhealthy"


def test_a_canary_whose_few_requests_fail_does_not_go_on() -> None:
    """Too few for a verdict, and yet something speaks against it."""
    world = baking({"7": Counts(2, 2), "6": Counts(18, 0)})
    world.environments.known[KEY] = an_environment(judge={**JUDGE, "minimum_requests": 10_000, "alpha": 1e-300})
    said = judge(world, "d2", 0)
    while said.verdict == "wait":
        world.clock.forward(said.wait_seconds)
        said = judge(world, "d2", 0)
    assert said.verdict == "unhealthy"
    assert "failed, more often than on stable" in str(said.reason)


def unwatched(**fields: Any) -> FakeWorld:  # noqa: ANN401 - any field
    """A release of a site alone, all of whose visitors have it, without alarms."""
    world = a_world(deployment_preference={"type": "AllAtOnce", "alarms": []})
    site = {"restore_point": {"site": STABLE["site"]}, "staged": {"site": CANARY["site"]}, "components": ("site",)}
    on_its_way(world, Phase.SHIFTING, weight=100, steps=(Step(100, 60),), **{**site, **fields})
    return world


def test_what_nothing_looks_at_is_blind_and_not_healthy() -> None:
    """It goes on, because waiting would show nothing, and its end says so."""
    world = unwatched(checks=())
    evaluate(world)
    world.clock.forward(61)
    assert evaluate(world).verdict == "healthy"
    seen = world.deployments.get("d2")
    assert (seen.evaluation.verdict, seen.unjudged) == ("blind", BLINDNESS)  # type: ignore[union-attr]
    assert BLINDNESS in messages(world, "advanced")


def test_a_checked_release_is_not_blind() -> None:
    """A check that passes has looked at it."""
    world = unwatched(checks=('{"component":"site","path":"/"}',))
    evaluate(world)
    assert world.deployments.get("d2").evaluation.verdict == "healthy"  # type: ignore[union-attr]


def test_what_was_compared_before_is_not_blind_when_all_visitors_have_it() -> None:
    """The last step has no two versions, but the steps before it have looked at the release."""
    world = baking(GOOD, checks=())
    world.environments.known[KEY] = an_environment(
        deployment_preference={"type": "Canary10Percent1Minute", "alarms": []}
    )
    evaluate(world)
    world.clock.forward(65)
    assert evaluate(world).verdict == "healthy"
    world.deployments.known["d2"] = replace(world.deployments.get("d2"), weight=100)
    evaluate(world, 1)
    assert world.deployments.get("d2").evaluation.verdict == "healthy"  # type: ignore[union-attr]
    assert complete(world, "d2").deployment.reason == ""
