"""The judge's verdicts at an evaluation, and the check of the alarms before the versions are compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The judge's verdict at an evaluation.

    `BLIND`: nothing looks at the release, neither checks nor alarms nor requests, so nothing could speak against it.
    `PROMOTABLE` is healthy, and shown to be worse by the tolerance at most. `INCONCLUSIVE` means that there is not
    enough evidence yet; the three kinds of missing data have verdicts of their own, because each has another cause.
    """

    HEALTHY = "healthy"
    BLIND = "blind"
    PROMOTABLE = "promotable"
    UNHEALTHY = "unhealthy"
    INCONCLUSIVE = "inconclusive"
    NO_DATA = "no data"
    LATE_DATA = "late data"
    ONE_SIDED = "one-sided data"


MISSING = frozenset({Verdict.INCONCLUSIVE, Verdict.NO_DATA, Verdict.LATE_DATA, Verdict.ONE_SIDED})
"""The verdicts that mean that there is too little data to judge."""


BLINDNESS = "Blind: no check, no alarm and no request looks at this release, so nothing would show that it is bad."


@dataclass(frozen=True)
class Judgement:
    """A verdict, and its reason as a sentence with figures; `firing` are the alarms that decided it.

    `unguarded`: an alarm is gone or cannot be read, which says nothing about the release.
    """

    verdict: Verdict
    reason: str
    firing: Sequence[str] = ()
    unguarded: bool = False


def alarm_trouble(states: Mapping[str, str] | None, expected: Sequence[str]) -> str:
    """A sentence about an alarm that is firing, is gone, or cannot be read; "" when all alarms are fine."""
    if not expected:
        return ""
    if states is None:
        return "The alarms' states cannot be read, so it is unknown whether they are firing."
    if firing := [name for name in expected if states.get(name) == "ALARM"]:
        return f"Alarm {', '.join(firing)} is firing."
    if gone := [name for name in expected if name not in states]:
        return f"Alarm {', '.join(gone)} does not exist any more."
    return ""
