from typing import Any

import pytest
from pydantic import ValidationError

from controller.domain.checks.load_check import Load, LoadCheck, check_load, percentile


def load(**changes: Any) -> LoadCheck:  # noqa: ANN401 - as in release.yaml
    """A hundred requests, ten at a time."""
    return LoadCheck.model_validate({"component": "api", "path": "/health", "p95_ms": 500, **changes})


def test_a_quick_version_passes() -> None:
    """The detail has the measurement."""
    result = check_load(load(), Load([20.0] * 90))
    assert (result.check, result.passed) == ("load on GET /health of api", True)
    assert result.detail == "100 requests, 10 at a time: 0 errors, p95 20 ms"


@pytest.mark.parametrize(
    ("measured", "told"),
    [
        (Load([20.0] * 96 + [600.0] * 4), ""),
        (Load([20.0] * 90 + [600.0] * 10), "p95 600 ms, more than 500 ms"),
        (Load([20.0] * 90, ["status 500", "status 502"]), "2 errors, p95 20 ms; the first error: status 500"),
        (Load([20.0] * 90, ["status 500"]), ""),
        (Load([20.0] * 40, [], 50), "50 were not made within 60 seconds"),
        (Load([], ["status 500"] * 2), "2 errors, p95 0 ms"),
    ],
)
def test_errors_time_and_p95_are_judged(measured: Load, told: str) -> None:
    """One error is allowed here, two are not."""
    result = check_load(load(max_errors=1), measured)
    assert result.passed is not bool(told)
    assert told in result.detail


def test_the_percentile_is_a_value_that_was_measured() -> None:
    """Of one value it is that value."""
    assert percentile([]) == 0
    assert percentile([7.0]) == 7
    assert percentile([float(n) for n in range(100, 0, -1)]) == 95


@pytest.mark.parametrize(
    "changes",
    [
        {"requests": 0},
        {"requests": 1001},
        {"concurrency": 0},
        {"concurrency": 21},
        {"p95_ms": 0},
        {"p95_ms": 30_001},
        {"max_errors": -1},
        {"p95_ms": None},
        {"only": "outside"},
    ],
)
def test_the_bounds_are_hard(changes: dict[str, object]) -> None:
    """A release cannot exceed them."""
    with pytest.raises(ValidationError):
        load(**changes)


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({"requests": 1000, "concurrency": 1, "p95_ms": 100}, 100),
        ({"requests": 1000, "concurrency": 20, "p95_ms": 2000}, 100),
        ({"requests": 21, "concurrency": 20, "p95_ms": 30_000}, 0),
        ({"requests": 1000, "concurrency": 20, "p95_ms": 1200}, 0),
    ],
)
def test_a_load_that_could_run_too_long_is_refused(changes: dict[str, object], seconds: int) -> None:
    """It is refused before any request, and the message says what to change."""
    if not seconds:
        assert load(**changes)
        return
    with pytest.raises(ValidationError, match=f"could take {seconds} seconds .* lower p95_ms"):
        load(**changes)


def test_a_load_runs_before_traffic_only() -> None:
    """Later, its requests would count as visitors."""
    assert (load().before_traffic, load().from_outside) == (True, False)
