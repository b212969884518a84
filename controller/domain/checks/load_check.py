"""The load check: many requests to the new version, a few at a time, before any visitor gets it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from controller.domain.checks.check import CheckResult
from controller.domain.checks.requests import Request

SECONDS = 60
"""A load check may take no longer."""
_SHARE = 0.95


class LoadCheck(Request):
    """`requests` requests, `concurrency` at a time: 95 % of them within `p95_ms`, at most `max_errors` not `status`."""

    kind: Literal["load"] = "load"
    status: Annotated[int, Field(ge=100, le=599)] = 200
    requests: Annotated[int, Field(ge=1, le=1000)] = 100
    concurrency: Annotated[int, Field(ge=1, le=20)] = 10
    p95_ms: Annotated[int, Field(ge=1, le=30_000)]
    max_errors: Annotated[int, Field(ge=0, le=1000)] = 0

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
        """What people call it: `load on GET /health of api`."""
        return f"load on {super().name}"

    @property
    def before_traffic(self) -> bool:
        """It is made there only: later it would burden visitors, and be counted as their errors."""
        return True

    @property
    def from_outside(self) -> bool:
        """Never: there, nobody could tell which version was slow."""
        return False


@dataclass(frozen=True)
class Load:
    """What was measured: the milliseconds of the right answers that count, and what was wrong with the others."""

    milliseconds: Sequence[float]
    errors: Sequence[str] = ()
    not_made: int = 0
    """How many requests there was no time for."""


def check_load(check: LoadCheck, load: Load) -> CheckResult:
    """Compare what was measured with what the check expects."""
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
    """The smallest value that is not exceeded by this share of all; 0 when there is none."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else 0.0
