"""Verdicts: what the judge says at an evaluation, and what the alarms say before the versions are compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What the judge says at an evaluation.

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


MISSING = frozenset({Verdict.INCONCLUSIVE, Verdict.NO_DATA, Verdict.LATE_DATA, Verdict.ONE_SIDED})
"""The verdicts that say that there is too little to judge by."""


@dataclass(frozen=True)
class Judgement:
    """A verdict and the reason, in words with its figures."""

    verdict: Verdict
    reason: str


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
