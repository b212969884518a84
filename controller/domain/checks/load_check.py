"""The load check: many requests to the staged version, a few at a time, before any visitor gets it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from controller.domain.checks.check import CheckResult, OnStagedOnly
from controller.domain.checks.requests import Request
from controller.domain.reading.written import Whole

SECONDS = 60
"""The most seconds that a load check may take."""
_SHARE = 0.95


class LoadCheck(OnStagedOnly, Request):
    """`requests` requests, `concurrency` at a time: 95 % within `p95_ms`, and all but `max_errors` with `status`.

    Later it would slow down visitors, its errors would count as theirs, and a slow answer could be either version's.
    """

    kind: Literal["load"] = "load"
    """`load`, which need not be written."""
    status: Annotated[Whole, Field(ge=100, le=599)] = 200
    """The status of a right answer, 200 if unsaid."""
    requests: Annotated[Whole, Field(ge=1, le=1000)] = 100
    """How many requests are made, 100 if unsaid."""
    concurrency: Annotated[Whole, Field(ge=1, le=20)] = 10
    """How many of them at a time, 10 if unsaid."""
    p95_ms: Annotated[Whole, Field(ge=1, le=30_000)]
    """The milliseconds in which 95 of 100 right answers must come."""
    max_errors: Annotated[Whole, Field(ge=0, le=1000)] = 0
    """How many requests may fail, none if unsaid."""

    @model_validator(mode="after")
    def _ends_in_time(self) -> Self:
        longest = math.ceil(self.requests / self.concurrency) * self.p95_ms / 1000
        if longest > SECONDS:
            raise ValueError(
                f"could take {longest:.0f} seconds ({self.requests} requests, {self.concurrency} at a time,"
                f" {self.p95_ms} ms each), and {SECONDS} are allowed: make fewer requests, more at a time, or lower"
                " p95_ms"
            )
        return self

    @property
    def name(self) -> str:
        """Its name in messages: `load on GET /health of api`."""
        return f"load on {super().name}"


@dataclass(frozen=True)
class Load:
    """The measurement: the milliseconds of the correct answers that count, and the errors of the others."""

    milliseconds: Sequence[float]
    errors: Sequence[str] = ()
    not_made: int = 0
    """How many requests were not made, for lack of time."""


def check_load(check: LoadCheck, load: Load) -> CheckResult:
    """Compare the measurement with the check."""
    p95 = percentile(load.milliseconds)
    shown = f"{check.requests} requests, {check.concurrency} at a time: {len(load.errors)} errors, p95 {p95:.0f} ms"
    if len(load.errors) > check.max_errors:
        return CheckResult(check.name, False, f"{shown}; the first error: {load.errors[0]}")
    if load.not_made:
        return CheckResult(check.name, False, f"{shown}; {load.not_made} were not made within {SECONDS} seconds")
    if p95 > check.p95_ms:
        return CheckResult(check.name, False, f"{shown}, more than {check.p95_ms} ms")
    return CheckResult(check.name, True, shown)


def percentile(values: Sequence[float], share: float = _SHARE) -> float:
    """The smallest value that this share of all values does not exceed; 0 when there are no values."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else 0.0
