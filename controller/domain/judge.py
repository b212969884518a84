"""The judge: is the canary as good as the stable revision?

A first, simple comparison: the canary's error rate may be at most `tolerance` above the stable revision's, and there
must have been a minimum of requests. Anything unknown about the alarms counts against the canary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from controller.domain.deployment import Counts
from controller.domain.environment import JudgePolicy


class Verdict(StrEnum):
    """What the judge says at a look.

    `PROMOTABLE` is healthy, and shown to be at most the tolerance worse. `INCONCLUSIVE` is not enough evidence yet; the
    three kinds of missing data are told apart from it, because each has another cause.
    """

    HEALTHY = "healthy"
    PROMOTABLE = "promotable"
    UNHEALTHY = "unhealthy"
    INCONCLUSIVE = "inconclusive"
    NO_DATA = "no data"
    LATE_DATA = "late data"
    ONE_SIDED = "one-sided data"


@dataclass(frozen=True)
class Evidence:
    """What is known at a look.

    `alarms` maps each alarm of the environment to its state; None when the states could not be read. `compared` says
    that there are two revisions to compare (not at weight 100, nor when no component is measured by revision).
    """

    alarms: Mapping[str, str] | None
    expected_alarms: Sequence[str]
    canary: Counts
    stable: Counts
    compared: bool


@dataclass(frozen=True)
class Judgement:
    """A verdict and the reason, in words with its figures."""

    verdict: Verdict
    reason: str


class Judge(Protocol):
    """A way to judge: a sequential test can take the place of the comparison behind this."""

    def __call__(self, evidence: Evidence, policy: JudgePolicy) -> Judgement:
        """The judgement on this evidence."""


def compare(evidence: Evidence, policy: JudgePolicy) -> Judgement:
    """Judge by the alarms first, then by the difference of the error rates."""
    if trouble := alarm_trouble(evidence.alarms, evidence.expected_alarms):
        return Judgement(Verdict.UNHEALTHY, trouble)
    if not evidence.compared:
        return Judgement(Verdict.HEALTHY, "No alarm is firing.")
    return _compare_rates(evidence.canary, evidence.stable, policy)


def alarm_trouble(states: Mapping[str, str] | None, expected: Sequence[str]) -> str:
    """What speaks against going on: an alarm that fires, is gone, or cannot be read; "" when nothing does."""
    if not expected:
        return ""
    if states is None:
        return "The alarms' states cannot be read, so it is not known whether all is well."
    if firing := [name for name in expected if states.get(name) == "ALARM"]:
        return f"Alarm {', '.join(firing)} is firing."
    if gone := [name for name in expected if name not in states]:
        return f"Alarm {', '.join(gone)} does not exist any more."
    return ""


def _compare_rates(canary: Counts, stable: Counts, policy: JudgePolicy) -> Judgement:
    figures = (
        f"{canary.errors} of {canary.requests} requests failed on the canary,"
        f" {stable.errors} of {stable.requests} on stable"
    )
    if canary.requests < policy.minimum_requests:
        return Judgement(
            Verdict.INCONCLUSIVE, f"Too few requests to judge (at least {policy.minimum_requests}): {figures}."
        )
    if canary.error_rate > stable.error_rate + policy.tolerance:
        return Judgement(Verdict.UNHEALTHY, f"The canary fails more often: {figures}.")
    return Judgement(Verdict.HEALTHY, f"The canary is as good as stable: {figures}.")
