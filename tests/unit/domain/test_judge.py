"""The judge: alarms first, then the difference of the error rates; what is not known counts against the canary."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.domain.deployment import Counts
from controller.domain.environment import JudgePolicy
from controller.domain.judge import Evidence, Verdict, alarm_trouble, compare

SPOTLESS = Counts(100, 0)
POLICY = JudgePolicy(minimum_requests=20, tolerance=0.05)


def evidence(
    canary: Counts = SPOTLESS,
    stable: Counts = SPOTLESS,
    *,
    states: Mapping[str, str] | None = None,
    expected: Sequence[str] = (),
    compared: bool = True,
) -> Evidence:
    """What is known at a look: nothing bad, unless it is said."""
    return Evidence(states, expected, canary, stable, compared)


@pytest.mark.parametrize(
    ("canary", "stable", "verdict"),
    [
        (Counts(100, 0), Counts(900, 0), Verdict.HEALTHY),
        (Counts(100, 5), Counts(900, 0), Verdict.HEALTHY),
        (Counts(100, 6), Counts(900, 0), Verdict.UNHEALTHY),
        (Counts(100, 14), Counts(900, 90), Verdict.HEALTHY),
        (Counts(19, 19), Counts(900, 0), Verdict.INCONCLUSIVE),
        (Counts(20, 20), Counts(0, 0), Verdict.UNHEALTHY),
        (Counts(20, 0), Counts(0, 0), Verdict.HEALTHY),
        (Counts(0, 0), Counts(0, 0), Verdict.INCONCLUSIVE),
    ],
)
def test_the_error_rates_are_compared(canary: Counts, stable: Counts, verdict: Verdict) -> None:
    """The canary may fail at most the tolerance more often than stable, and must have been asked often enough."""
    assert compare(evidence(canary, stable), POLICY).verdict is verdict


def test_the_reason_has_the_figures() -> None:
    """A person who reads the reason sees what was counted."""
    reason = compare(evidence(Counts(100, 60), Counts(900, 1)), POLICY).reason
    assert "60 of 100" in reason
    assert "1 of 900" in reason


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (None, "cannot be read"),
        ({"errors": "ALARM"}, "errors is firing"),
        ({}, "errors does not exist"),
        ({"errors": "OK"}, ""),
        ({"errors": "INSUFFICIENT_DATA"}, ""),
        ({"errors": "OK", "another": "ALARM"}, ""),
    ],
)
def test_only_known_and_quiet_alarms_are_no_trouble(states: Mapping[str, str] | None, said: str) -> None:
    """An alarm that fires, is gone, or cannot be read speaks against going on; others' alarms do not."""
    trouble = alarm_trouble(states, ["errors"])
    assert said in trouble
    assert bool(trouble) is bool(said)


def test_without_alarms_nothing_can_be_wrong_with_them() -> None:
    """An environment that names no alarm is judged by its figures."""
    assert alarm_trouble(None, []) == ""


def test_an_alarm_outweighs_good_figures() -> None:
    """Nobody argues with an alarm."""
    judgement = compare(evidence(states={"errors": "ALARM"}, expected=["errors"]), POLICY)
    assert judgement.verdict is Verdict.UNHEALTHY


def test_with_nobody_to_compare_with_the_alarms_decide() -> None:
    """At 100 % there is no stable revision any more: quiet alarms are enough, however few the requests."""
    assert compare(evidence(Counts(3, 3), compared=False), POLICY).verdict is Verdict.HEALTHY


counts = st.integers(0, 10_000).flatmap(lambda requests: st.builds(Counts, st.just(requests), st.integers(0, requests)))


@given(canary=counts, stable=counts)
def test_fewer_errors_never_make_it_worse(canary: Counts, stable: Counts) -> None:
    """A canary without errors is never unhealthy, and one that is healthy stays so with fewer errors."""
    spotless = compare(evidence(Counts(canary.requests, 0), stable), POLICY).verdict
    assert spotless is not Verdict.UNHEALTHY
    if compare(evidence(canary, stable), POLICY).verdict is Verdict.HEALTHY:
        assert spotless is Verdict.HEALTHY
