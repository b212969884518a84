"""A trial's verdicts: worse, inconclusive, no data, late, one side only, and good enough, each with its figures."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.domain.deployment import Counts
from controller.domain.judging.interval import Interval, Slow
from controller.domain.judging.sequential.trial import begin, shifted, weigh
from controller.domain.judging.trial_verdict import Terms, judge_trial
from controller.domain.judging.verdict import Verdict

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TERMS = Terms(minimum_requests=50, patience=5 * MINUTE)


def minute(number: int, canary: Counts, stable: Counts) -> Interval:
    """One minute of a function."""
    return Interval("api", START + number * MINUTE, START + (number + 1) * MINUTE, canary, stable)


@pytest.mark.parametrize(
    ("canary", "stable", "later", "verdict", "said"),
    [
        (Counts(100, 9), Counts(900, 1), 1, Verdict.UNHEALTHY, "api, 9 of 100 (9 %) requests failed on the canary"),
        (Counts(100, 0), Counts(900, 1), 1, Verdict.HEALTHY, "1 of 900 (0.111 %) on stable"),
        (Counts(3000, 0), Counts(9000, 1), 1, Verdict.PROMOTABLE, "at most 1 percentage points worse"),
        (Counts(49, 0), Counts(900, 1), 1, Verdict.INCONCLUSIVE, "49 of at least 50 requests"),
        (Counts(), Counts(), 1, Verdict.NO_DATA, "no request was measured on either side"),
        (Counts(), Counts(900), 1, Verdict.ONE_SIDED, "no request was measured on the canary"),
        (Counts(100, 90), Counts(), 1, Verdict.ONE_SIDED, "no request was measured on stable"),
        (Counts(100), Counts(900), 7, Verdict.LATE_DATA, "6 minutes old"),
        (Counts(100, 9), Counts(900, 1), 7, Verdict.UNHEALTHY, "the limit is 20"),
    ],
)
def test_each_case_has_its_verdict(canary: Counts, stable: Counts, later: int, verdict: Verdict, said: str) -> None:
    """The counts of one minute lead to this verdict, `later` minutes after the start."""
    trial = weigh(begin(["api"]), [minute(0, canary, stable)])
    judgement = judge_trial(trial, TERMS, START + later * MINUTE)
    assert judgement.verdict is verdict
    assert said in judgement.reason


def test_before_the_first_measurement_there_are_no_data() -> None:
    """A trial that has seen nothing has no late data: none arrived."""
    assert judge_trial(begin(["api"]), TERMS, START).verdict is Verdict.NO_DATA


def test_each_step_needs_its_own_requests() -> None:
    """A promotable canary is not promotable after a shift until it has enough requests at the new weight."""
    trial = weigh(begin(["api"]), [minute(0, Counts(3000), Counts(9000))])
    trial = shifted(trial, START + MINUTE)
    assert judge_trial(trial, TERMS, START + MINUTE).verdict is Verdict.INCONCLUSIVE
    trial = weigh(trial, [minute(1, Counts(60), Counts(60))])
    assert judge_trial(trial, TERMS, START + 2 * MINUTE).verdict is Verdict.PROMOTABLE


def test_slowness_is_named() -> None:
    """The reason names the percentile at which the canary is slow."""
    trial = begin(["api"])
    for number in range(6):
        slow = (Slow("p90", 80.0, Counts(60, 30), Counts(540, 54)),)
        plain = minute(number, Counts(60), Counts(540))
        trial = weigh(trial, [Interval("api", plain.since, plain.until, plain.canary, plain.stable, slow)])
    judgement = judge_trial(trial, TERMS, START + 6 * MINUTE)
    assert judgement.verdict is Verdict.UNHEALTHY
    assert "slower than stable's p90" in judgement.reason
