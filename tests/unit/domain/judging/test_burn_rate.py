"""Absolute limits: both windows must exceed them, a few failures are no outage, and silence counts once it is known."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.domain.deployment import Counts
from controller.domain.environment import Limits
from controller.domain.judging.burn_rate import Served, exceeded_limit

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMITS = Limits(error_rate=0.01, p99_ms=500, short="1m", long="5m")


def served(*errors: int, requests: int = 100, slow: int = 0) -> list[Served]:
    """Minutes up to now, the oldest first, with these errors of 100 requests each."""
    minutes = range(len(errors), 0, -1)
    return [
        Served(
            NOW - timedelta(minutes=ago),
            NOW - timedelta(minutes=ago - 1),
            Counts(requests, count),
            Counts(requests, slow),
        )
        for ago, count in zip(minutes, errors, strict=True)
    ]


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (served(2, 2, 2, 2, 2), "10 of 500 requests failed on the canary, 2.0 times as many"),
        (served(9, 9, 9, 9, 0), ""),
        (served(0, 0, 0, 0, 5), ""),
        (served(0, 0, 0, 0, 6), "6 of 500"),
        (served(1, 1, 1, 1, 1), ""),
        (served(0, 0, 0, 1, 3, requests=4), ""),
        (served(50, 0, 0, 0, 0, 0), ""),
        (served(0, 0, 0, 0, 0, slow=2), "requests took longer than 500 ms"),
        (served(0, 0, 0, 0, 0, slow=1), ""),
        ([], ""),
    ],
)
def test_both_windows_must_exceed_a_limit(minutes: list[Served], said: str) -> None:
    """The last five minutes and the last minute must be over the limit, with at least five failures."""
    found = exceeded_limit(LIMITS, minutes, NOW)
    assert said in found
    assert bool(found) is bool(said)


def test_a_window_shorter_than_a_period_has_the_last_period() -> None:
    """With metrics every five minutes, an empty window of one minute could never exceed its limit."""
    periods = [
        Served(NOW - timedelta(minutes=5 * ago), NOW - timedelta(minutes=5 * ago - 5), Counts(100, 9)) for ago in (2, 1)
    ]
    assert "9 of 100 requests failed" in exceeded_limit(LIMITS, periods, NOW)


def test_too_few_successes_in_a_whole_window() -> None:
    """A canary that hardly answers exceeds the limit once there are data for the whole window."""
    limits = Limits(minimum_successes=30)
    assert "Only 25 requests succeeded" in exceeded_limit(limits, served(0, 0, 0, 0, 0, requests=5), NOW)
    assert exceeded_limit(limits, served(0, 0, 0, 0, requests=5), NOW) == ""
    assert exceeded_limit(limits, served(0, 0, 0, 0, 0, requests=6), NOW) == ""


def test_without_limits_nothing_is_exceeded() -> None:
    """An environment without limits exceeds none."""
    assert exceeded_limit(Limits(), served(99, 99, 99, 99, 99, slow=99), NOW) == ""
