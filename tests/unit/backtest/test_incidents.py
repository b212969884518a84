from dataclasses import replace
from datetime import timedelta

from controller.domain.deployment import Comparison, Counts, Evaluation, Trip
from controller.domain.environment import JudgePolicy
from selfright.backtest.incidents import incident, replay
from tests.cli_world import ROLLED_BACK, START

POLICY = JudgePolicy()
SHIFTED = START + timedelta(seconds=10)


def evaluation(number: int, canary: Counts, stable: Counts, step: int = 0) -> Evaluation:
    """An evaluation every minute, with the counts since the first one."""
    seen = Comparison("api", "errors", canary, stable, 0.1, 1.0, 20.0)
    at = SHIFTED + timedelta(minutes=number)
    return Evaluation(at, "healthy", "", canary, stable, step, 10, limit=20.0, comparisons=(seen,))


BAD = [evaluation(number, Counts(60 * number, 2 * number), Counts(540 * number, number)) for number in range(1, 8)]
TRIPPED = replace(ROLLED_BACK, trip=Trip(SHIFTED + timedelta(seconds=90), "alarm", "Alarm x"))


def test_the_judge_alone_is_told_beside_what_ended_it() -> None:
    """The alarm after a minute and a half; the judge by the counts of the evaluations."""
    found = incident(TRIPPED, BAD, SHIFTED, POLICY)
    assert (found.version, found.source, found.ended, found.evaluations) == ("1.2.0", "alarm", 90, 7)
    assert found.judged in {120, 180, 240}
    assert found.e_value >= found.limit * (1 - 1e-6)
    assert found.forecast is None


def test_counts_that_end_too_early_give_a_forecast() -> None:
    """Had the traffic gone on at the same rates."""
    found = incident(TRIPPED, BAD[:1], SHIFTED, POLICY)
    assert found.judged is None
    assert found.e_value < found.limit
    assert found.forecast
    assert found.forecast < 3600


def test_a_canary_that_was_not_worse_has_no_forecast() -> None:
    """The alarm knew something else."""
    same = [evaluation(1, Counts(60, 0), Counts(540, 3))]
    assert incident(TRIPPED, same, SHIFTED, POLICY).forecast is None


def test_a_deployment_without_comparisons_has_only_its_end() -> None:
    """It ended before the judge had anything, or before evaluations were recorded."""
    found = incident(TRIPPED, [], SHIFTED, POLICY)
    assert (found.ended, found.judged, found.limit) == (90, None, 0.0)


def test_a_replay_adds_up_to_the_last_evaluation() -> None:
    """Over all steps; counts that decrease do not matter."""
    evaluations = [
        *BAD[:2],
        replace(BAD[1], at=BAD[1].at + timedelta(seconds=20)),
        *(replace(one, step=1) for one in BAD[2:4]),
    ]
    trial, _ = replay(evaluations, JudgePolicy(alpha=1e-9), SHIFTED)
    assert trial.counts("api") == (BAD[3].canary, BAD[3].stable)


def test_a_stricter_policy_takes_longer() -> None:
    """A back-test shows that beforehand."""
    careful, bold = (incident(TRIPPED, BAD, SHIFTED, JudgePolicy(alpha=alpha)) for alpha in (0.0001, 0.2))
    assert careful.judged
    assert bold.judged
    assert careful.judged > bold.judged


def test_slow_requests_are_replayed_too() -> None:
    """With their thresholds, once the canary is warm."""
    slow = [
        replace(
            one,
            comparisons=(
                replace(one.comparisons[0], canary=Counts(one.canary.requests), stable=Counts(one.stable.requests)),
                Comparison(
                    "api",
                    "p90",
                    Counts(one.canary.requests, one.canary.requests // 2),
                    Counts(one.stable.requests, one.stable.requests // 10),
                    0.1,
                    1.0,
                    20.0,
                    120.0,
                ),
            ),
        )
        for one in BAD
    ]
    trial, judged = replay(slow, POLICY, SHIFTED)
    assert judged
    assert trial.strongest == ("api", "p90")
