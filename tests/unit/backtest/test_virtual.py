import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from math import sqrt

import pytest

from controller.domain.deployment import Counts, Step
from controller.domain.environment import JudgePolicy, Limits
from selfright.account.past_requests import MINUTE, Past
from selfright.backtest.virtual import Virtual, binomial, divide, spoil

START = datetime(2026, 1, 2, tzinfo=UTC)
STEPS = (Step(10, 300), Step(50, 300), Step(100, 300))


def past(requests: int, error_rate: float = 0.001, minutes: int = 400, seed: int = 1) -> Past:
    """Traffic of so many requests a minute."""
    chance = random.Random(seed)
    counts = {
        START + timedelta(minutes=minute): Counts(requests, binomial(requests, error_rate, chance))
        for minute in range(minutes)
    }
    return Past(MINUTE, counts)


def ends(virtual: Virtual, worse: float = 0.0, releases: int = 100) -> Counter[str]:
    """How so many releases end, an hour after the beginning."""
    chance = random.Random(5)
    moments = (START + timedelta(minutes=60 + chance.randrange(300)) for _ in range(releases))
    return Counter(virtual.run(moment, chance, worse).end for moment in moments)


def test_good_releases_are_promoted_and_bad_ones_caught() -> None:
    """By the controller's own judge."""
    virtual = Virtual({"api": past(600)}, STEPS, JudgePolicy())
    assert ends(virtual)["rolled_back"] <= 8
    assert ends(virtual, 0.05)["rolled_back"] == 100


def test_a_burst_on_both_sides_rolls_nothing_back() -> None:
    """The canary's share of it is its share of the requests."""
    burst = past(600)
    counts = {at: Counts(600, 200) if at.minute % 7 == 0 else one for at, one in burst.counts.items()}
    assert ends(Virtual({"api": Past(MINUTE, counts)}, STEPS, JudgePolicy()))["rolled_back"] <= 8


def test_bad_releases_are_caught_sooner_the_worse_they_are() -> None:
    """Measurements must be known first: never before a minute and the time in which metrics settle."""
    virtual, chance = Virtual({"api": past(6000)}, STEPS, JudgePolicy()), random.Random(1)
    bad, worst = (virtual.run(START + timedelta(hours=2), chance, worse) for worse in (0.003, 0.5))
    assert worst.end == bad.end == "rolled_back"
    assert bad.seconds > worst.seconds == MINUTE + 180
    assert "The canary is worse: api" in worst.reason


def test_too_few_requests_are_told_from_good_releases() -> None:
    """After the bake was extended once."""
    ended = Virtual({"api": past(4)}, STEPS, JudgePolicy()).run(START + timedelta(hours=2), random.Random(1))
    assert ended.end == "undecided"
    assert ended.seconds == 600


def test_visitors_who_go_home_leave_what_they_have_shown() -> None:
    """Nothing comes in the end of the bake: what came before was enough."""
    busy, start = past(600), START + timedelta(hours=2)
    gone = Past(MINUTE, {at: one for at, one in busy.counts.items() if at < start + timedelta(minutes=5)})
    ended = Virtual({"api": gone}, (Step(10, 900), Step(100, 0)), JudgePolicy()).run(start, random.Random(1))
    assert (ended.end, ended.seconds) == ("promoted", 900)


def test_what_is_shown_to_be_good_is_promoted_early_if_the_policy_says_so() -> None:
    """It takes less time."""
    busy = {"api": past(60_000)}
    times = [
        Virtual(busy, STEPS, JudgePolicy(promote_early=early)).run(START + timedelta(hours=2), random.Random(1)).seconds
        for early in (False, True)
    ]
    assert times[0] == 600
    assert times[1] < 600


def test_an_absolute_limit_holds_for_good_releases_too() -> None:
    """Where stable itself is worse than the limit, no release gets through."""
    policy = JudgePolicy(limits=Limits(error_rate=0.005))
    ended = Virtual({"api": past(6000, 0.05)}, STEPS, policy).run(START + timedelta(hours=2), random.Random(1))
    assert ended.end == "rolled_back"
    assert "limit" in ended.reason


def test_dividing_loses_no_request_and_is_a_fair_draw() -> None:
    """On average the share of requests and of errors, and hypergeometric in between."""
    chance, whole = random.Random(2), Counts(1000, 40)
    drawn = [divide(whole, 0.1, chance) for _ in range(2000)]
    assert all(canary + stable == whole for canary, stable in drawn)
    errors = [canary.errors for canary, _ in drawn]
    assert sum(errors) / 2000 == pytest.approx(4, abs=4 * sqrt(40 * 0.09 / 2000))
    variance = sum((one - 4) ** 2 for one in errors) / 2000
    assert variance == pytest.approx(40 * 0.09, rel=0.15)


def test_many_errors_are_divided_as_fairly() -> None:
    """By the normal approximation, within what is possible."""
    chance = random.Random(2)
    drawn = [divide(Counts(10_000, 5000), 0.1, chance) for _ in range(500)]
    assert sum(canary.errors for canary, _ in drawn) / 500 == pytest.approx(500, abs=4 * sqrt(450 / 500))
    assert all(canary.errors <= canary.requests for canary, _ in drawn)
    everything = divide(Counts(1000, 1000), 0.5, chance)[0]
    assert everything.errors == everything.requests


@pytest.mark.parametrize(
    ("trials", "share"), [(50, 0.3), (5000, 0.001), (5000, 0.4), (5000, 0.999), (7, 1.0), (900, 0.0)]
)
def test_binomial_numbers_have_the_right_mean_and_spread(trials: int, share: float) -> None:
    """However they are drawn."""
    chance = random.Random(4)
    drawn = [binomial(trials, share, chance) for _ in range(1000)]
    spread = sqrt(trials * share * (1 - share))
    assert all(0 <= one <= trials for one in drawn)
    assert sum(drawn) / 1000 == pytest.approx(trials * share, abs=4 * spread / sqrt(1000) + 1e-9)
    assert sqrt(sum((one - trials * share) ** 2 for one in drawn) / 1000) == pytest.approx(spread, rel=0.1)


def test_spoiling_raises_the_error_rate_by_what_was_asked() -> None:
    """Never beyond all of them, and nothing when nothing is asked."""
    chance = random.Random(4)
    spoilt = [spoil(Counts(1000, 20), 0.05, chance).errors for _ in range(500)]
    assert sum(spoilt) / 500 == pytest.approx(70, abs=1.5)
    assert spoil(Counts(10, 10), 0.5, chance) == Counts(10, 10)
    assert spoil(Counts(10, 1), 0.0, chance) == Counts(10, 1)
    assert spoil(Counts(10, 1), 1.0, chance) == Counts(10, 10)
