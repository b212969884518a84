import itertools
import threading
from collections.abc import Callable
from typing import Any

from controller.aws.components.function.load_runs import LoadRun
from controller.domain.checks.load_check import Load, LoadCheck
from controller.errors import TransientError


def run(ask: Callable[[], str], clock: Callable[[], float] = lambda: 0.0, **changes: Any) -> Load:  # noqa: ANN401
    """Make the load."""
    written = {"component": "api", "path": "/", "p95_ms": 100, "requests": 100, "concurrency": 10, **changes}
    return LoadRun(LoadCheck.model_validate(written), ask, clock).run()


def test_all_requests_are_made() -> None:
    """Each once; the first one of each worker is not counted in the times."""
    made: list[str] = []
    load = run(lambda: made.append("") or "")
    assert len(made) == 100
    assert (len(load.errors), load.not_made) == (0, 0)
    assert 90 <= len(load.milliseconds) < 100  # a worker that came too late has made none


def test_no_more_are_made_at_a_time_than_was_said() -> None:
    """And as many: the requests wait for each other here."""
    together = threading.Barrier(5, timeout=60)
    load = run(lambda: str(together.wait())[:0], requests=20, concurrency=5)
    assert (load.errors, len(load.milliseconds)) == ([], 15)


def test_a_few_requests_count_all() -> None:
    """With one request a worker, there would be nothing left to measure."""
    assert len(run(lambda: "", requests=3, concurrency=10).milliseconds) == 3


def test_it_ends_with_the_first_error_too_many() -> None:
    """A broken version is not asked a thousand times; and the time was enough."""
    load = run(lambda: "status 500", max_errors=2, concurrency=1)
    assert (load.errors, load.not_made, load.milliseconds) == (["status 500"] * 3, 0, [])


def test_a_call_that_fails_is_an_error() -> None:
    """Lambda's throttling is what visitors would meet too."""

    def throttled() -> str:
        raise TransientError("TooManyRequestsException")

    assert run(throttled, concurrency=1).errors == ["TooManyRequestsException"]


def test_it_ends_in_time() -> None:
    """What there was no time for is told."""
    seconds = itertools.count(0, 10.0)
    load = run(lambda: "", clock=lambda: next(seconds), concurrency=1)
    assert load.not_made == 98
