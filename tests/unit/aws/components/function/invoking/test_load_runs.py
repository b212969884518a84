import itertools
import threading
from collections.abc import Callable
from typing import Any

from controller.aws.components.function.invoking.load_runs import LoadRun
from controller.domain.checks.load_check import Load, LoadCheck
from controller.errors import TransientError


def run(ask: Callable[[], str], clock: Callable[[], float] = lambda: 0.0, **changes: Any) -> Load:  # noqa: ANN401
    """Run a load check."""
    written = {"component": "api", "path": "/", "p95_ms": 100, "requests": 100, "concurrency": 10, **changes}
    return LoadRun(LoadCheck.model_validate(written), ask, clock).run()


def test_all_requests_are_made() -> None:
    """Each is made once; the times do not count the first request of each worker."""
    made: list[str] = []
    load = run(lambda: made.append("") or "")
    assert len(made) == 100
    assert (len(load.errors), load.not_made) == (0, 0)
    assert 90 <= len(load.milliseconds) < 100  # a worker that began too late has made none


def test_concurrency_is_that_of_the_check() -> None:
    """It is reached, too: the requests wait for each other here."""
    together = threading.Barrier(5, timeout=60)
    load = run(lambda: str(together.wait())[:0], requests=20, concurrency=5)
    assert (load.errors, len(load.milliseconds)) == ([], 15)


def test_few_requests_all_count() -> None:
    """With one request for each worker, nothing would be left to measure."""
    assert len(run(lambda: "", requests=3, concurrency=10).milliseconds) == 3


def test_a_run_ends_with_the_first_error_above_the_limit() -> None:
    """A broken version does not get a thousand requests, and requests that were not made are not blamed on the time."""
    load = run(lambda: "status 500", max_errors=2, concurrency=1)
    assert (load.errors, load.not_made, load.milliseconds) == (["status 500"] * 3, 0, [])


def test_a_call_that_fails_is_an_error() -> None:
    """Visitors would meet Lambda's throttling, too."""

    def throttled() -> str:
        raise TransientError("TooManyRequestsException")

    assert run(throttled, concurrency=1).errors == ["TooManyRequestsException"]


def test_a_run_ends_in_time() -> None:
    """The result has the number of requests for which there was no time."""
    seconds = itertools.count(0, 10.0)
    load = run(lambda: "", clock=lambda: next(seconds), concurrency=1)
    assert load.not_made == 98
