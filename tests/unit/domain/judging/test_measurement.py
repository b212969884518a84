"""Which periods have settled: this distinguishes late data from no data."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.deployment import Counts
from controller.domain.judging.interval import Slow
from controller.domain.judging.measurement import LIMIT, Period, Sample, Subject, ceiling, floor, intervals, settled

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SUBJECT = Subject("api", "8", "7")
ALONE = Subject("api", "8")


def a_period(minute: int, canary: Sample | None = None, stable: Sample | None = None) -> Period:
    """The period of that minute."""
    return Period("api", NOON + minute * MINUTE, NOON + (minute + 1) * MINUTE, canary, stable)


BOTH = (Sample(10, 1), Sample(90, 2))


def count(periods: list[Period], minutes: float, subject: Subject = SUBJECT) -> int:
    """How many have settled `minutes` after noon; metrics take a minute to arrive."""
    return len(settled(periods, subject, NOON, NOON + minutes * MINUTE, MINUTE).periods)


def test_a_period_counts_some_time_after_its_end() -> None:
    """Before that, its numbers may still rise."""
    periods = [a_period(0, *BOTH), a_period(1, *BOTH)]
    assert [count(periods, minutes) for minutes in (1, 1.9, 2, 3)] == [0, 0, 1, 2]


@pytest.mark.parametrize("sides", [(Sample(10, 1), None), (None, Sample(90, 2)), (None, None)])
def test_the_judge_waits_for_a_silent_side(sides: tuple[Sample | None, Sample | None]) -> None:
    """It waits three times as long as usual; a side that is still silent then had no requests."""
    periods = [a_period(0, *sides)]
    assert [count(periods, minutes) for minutes in (2, 3.9, 4)] == [0, 0, 1]


def test_a_side_that_reported_a_later_period_will_not_report_an_earlier_one() -> None:
    """Metrics arrive in order: an earlier period without data had no requests."""
    periods = [a_period(0, None, Sample(90, 2)), a_period(1, *BOTH)]
    assert count(periods, 3) == 2


def test_no_period_counts_before_an_earlier_one_has_settled() -> None:
    """The judge weighs each period once and in order."""
    periods = [a_period(0, None, Sample(90, 2)), a_period(1, None, Sample(90, 2))]
    assert [count(periods, minutes) for minutes in (3.5, 4, 5)] == [0, 1, 2]


def test_a_canary_with_all_visitors_is_the_only_side() -> None:
    """The judge waits for no stable."""
    assert count([a_period(0, Sample(10, 1))], 2, ALONE) == 1


def test_the_end_of_the_settled_data_is_known() -> None:
    """It is the end of the last settled period, even of an empty one."""
    periods = [a_period(0, *BOTH), a_period(1)]
    assert settled(periods, SUBJECT, NOON, NOON + 3 * MINUTE, MINUTE).until == NOON + MINUTE
    assert settled(periods, SUBJECT, NOON, NOON + 5 * MINUTE, MINUTE).until == NOON + 2 * MINUTE
    assert settled([], SUBJECT, NOON, NOON, MINUTE).until == NOON


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12), st.integers(0, 30), st.integers(0, 30))
def test_settled_periods_stay_settled(sides: list[tuple[bool, bool]], first: int, later: int) -> None:
    """A later evaluation finds the same periods, and perhaps more."""
    made = [
        a_period(minute, BOTH[0] if canary else None, BOTH[1] if stable else None)
        for minute, (canary, stable) in enumerate(sides)
    ]
    early, late = sorted((first, later))
    before = [one for one in made if one.until <= NOON + early * MINUTE]
    assert settled(before, SUBJECT, NOON, NOON + early * MINUTE, MINUTE).periods == tuple(made[: count(before, early)])
    assert count(made, late) >= count(before, early)


def test_intervals_have_both_sides_and_their_slow_requests() -> None:
    """The environment's own limit is not compared, nor is a threshold that only one side measured."""
    thresholds = {"p50": 20.0, "p90": 90.0, LIMIT: 300.0}
    canary = Sample(10, 1, 10, {"p50": 6, "p90": 2, LIMIT: 1})
    (one,) = intervals([a_period(0, canary, Sample(90, 2, 88, {"p50": 44, LIMIT: 0})), a_period(1)], thresholds)
    assert (one.canary, one.stable) == (Counts(10, 1), Counts(90, 2))
    assert one.slow == (Slow("p50", 20.0, Counts(10, 6), Counts(88, 44)),)


def test_one_silent_side_is_an_interval_without_its_requests() -> None:
    """The judge sees that only one side had data."""
    (one,) = intervals([a_period(0, None, Sample(90, 2))], {})
    assert (one.canary, one.compared) == (Counts(), False)


def test_periods_are_aligned_to_the_clock() -> None:
    """CloudWatch aligns its periods in this way."""
    late = NOON + timedelta(seconds=90, milliseconds=5)
    assert (floor(late, MINUTE), ceiling(late, MINUTE)) == (NOON + MINUTE, NOON + 2 * MINUTE)
    assert floor(NOON, MINUTE) == ceiling(NOON, MINUTE) == NOON
