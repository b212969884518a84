"""Temporary credentials: renewed early, used until they expire, asked for again when there are none."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.credentials import ReadOnlyCredentials

from controller import clock
from controller.aws.client.credentials import EARLY, LAST, PAUSE, READY, Assumed, RoleCredentials
from controller.errors import TransientError

START = datetime(2030, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Lent:
    """An STS that lends keys for an hour by a clock that the test moves, or fails while it is `away`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.away, self.asked = START, False, 0
        monkeypatch.setattr(clock, "MACHINE", clock.TimeAndChance(now=lambda: self.now))

    def __call__(self) -> Assumed:
        """New keys."""
        self.asked += 1
        if self.away:
            raise TransientError("STS is away.", code="x")
        return Assumed(ReadOnlyCredentials(f"key {self.asked}", "secret", "token"), self.now + HOUR)

    def until(self, left: timedelta) -> None:
        """Move the clock to this time before the first keys expire."""
        self.now = START + HOUR - left


@pytest.fixture
def lent(monkeypatch: pytest.MonkeyPatch) -> Lent:
    """An STS, with a clock."""
    return Lent(monkeypatch)


def key(credentials: RoleCredentials) -> str:
    """The key of the next request."""
    return str(credentials.get_frozen_credentials().access_key)


def test_they_are_asked_for_when_they_are_first_needed_and_kept(lent: Lent) -> None:
    """A process that works for no environment asks for nothing."""
    credentials = RoleCredentials(lent)
    assert lent.asked == 0
    lent.until(EARLY)
    assert (key(credentials), key(credentials), lent.asked) == ("key 1", "key 1", 1)


def test_they_are_renewed_long_before_they_expire(lent: Lent) -> None:
    """So STS may be away for half an hour."""
    credentials = RoleCredentials(lent)
    key(credentials)
    lent.until(EARLY - timedelta(seconds=1))
    assert key(credentials) == "key 2"


def test_making_ready_renews_them_before_a_use_would(lent: Lent) -> None:
    """After a rehearsal, an alarm finds credentials that need no renewing for a quarter of an hour."""
    credentials = RoleCredentials(lent)
    credentials.make_ready()
    lent.until(READY - timedelta(seconds=1))
    assert key(credentials) == "key 1"
    credentials.make_ready()
    lent.now += READY - EARLY
    assert (key(credentials), lent.asked) == ("key 2", 2)


def test_what_holds_is_used_while_sts_is_away(lent: Lent) -> None:
    """And STS is asked again only after a pause, because every question costs time."""
    credentials = RoleCredentials(lent)
    key(credentials)
    lent.away = True
    lent.until(EARLY / 2)
    assert [key(credentials) for _ in range(3)] == ["key 1"] * 3
    assert lent.asked == 2
    lent.now += PAUSE + timedelta(seconds=1)
    assert (key(credentials), lent.asked) == ("key 1", 3)


def test_without_any_that_hold_the_failure_is_transient_and_each_attempt_asks(lent: Lent) -> None:
    """A rollback is delayed, and goes on as soon as STS is back."""
    credentials = RoleCredentials(lent)
    key(credentials)
    lent.away = True
    lent.until(LAST / 2)
    for _ in range(2):
        with pytest.raises(TransientError, match="STS is away"):
            key(credentials)
        lent.now += timedelta(seconds=1)
    lent.away = False
    assert (key(credentials), lent.asked) == ("key 4", 4)


def test_those_that_waited_share_a_failure(lent: Lent) -> None:
    """Twenty threads must not wait for twenty timeouts, one after the other."""
    credentials, lent.away = RoleCredentials(lent), True
    for _ in range(20):
        with pytest.raises(TransientError):
            key(credentials)  # At the same moment.
    assert lent.asked == 1
