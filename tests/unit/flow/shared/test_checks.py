"""The trip of a failed check: its reason, and where to read more."""

import pytest

from controller.domain.checks.check import FAILED, CheckResult
from controller.domain.phases import Phase
from controller.flow.shared.checks import trip_for
from tests.unit.flow.scenes import guarded


@pytest.mark.parametrize(
    ("detail", "more"),
    [(f"{FAILED} RuntimeError", ". What it wrote: `selfright logs d2`."), ("expected status 200, got 500", "")],
)
def test_a_function_that_raised_an_error_has_its_log_named(detail: str, more: str) -> None:
    """The reason has only the error's type, because its message may have a visitor's data."""
    world = guarded(Phase.STAGING)
    failed = [CheckResult("GET / of api", passed=False, detail=detail)]
    _, reason = trip_for(world, world.deployments.get("d2"), "before traffic", failed)
    assert reason == f"Check failed before traffic: GET / of api: {detail}{more}"
