"""The shipped judge: the same pure Python that runs in the Lambda, one release after the other."""

import json
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from benchmarks.judging.latency import Timed
from benchmarks.judging.rivals import NEVER
from benchmarks.judging.traffic import EVALUATION, EVALUATIONS, Floats, Releases, Scene, Whole
from controller.domain.deployment import Counts
from controller.domain.judging.interval import NONE, PERCENTILES, Interval, Slow
from controller.domain.judging.sequential.document import as_document, from_document
from controller.domain.judging.sequential.trial import Trial, begin, learn, shifted, weigh

START = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = [START + timedelta(seconds=EVALUATION * evaluation) for evaluation in range(-EVALUATIONS, EVALUATIONS + 1)]
NAME = "api"


def judged(releases: Releases, scene: Scene, alpha: float) -> Floats:
    """After how many seconds the judge rolled each release back; infinite if never."""
    return np.array([_judged(releases, number, scene, alpha) for number in range(len(releases))])


def judged_latency(timed: Timed, alpha: float) -> Floats:
    """The same for releases whose latency is measured too."""
    return np.array([_first(_begun(alpha), _timed(timed, number)) for number in range(len(timed.errors))])


def promoted(releases: Releases, tolerance: float, alpha: float) -> Floats:
    """After how many seconds each release was shown to be at most `tolerance` worse; infinite if never."""
    return np.array([_promoted(releases, number, tolerance, alpha) for number in range(len(releases))])


def cost(timed: Timed, alpha: float) -> tuple[float, int]:
    """An hour's median evaluation in milliseconds, with reading and writing the state, and the state's most bytes."""
    document, times, most = json.dumps(as_document(_begun(alpha))), [], 0
    for interval in _timed(timed, 0):
        begun = time.perf_counter()
        document = json.dumps(as_document(weigh(from_document(json.loads(document)), [interval])))
        times.append(time.perf_counter() - begun)
        most = max(most, len(document))
    return float(np.median(times)) * 1000, most


def _begun(alpha: float, tolerance: float = 0) -> Trial:
    """A new trial. The tolerance is for early promotion; where that is not measured, it would only cost time."""
    return shifted(begin([NAME], alpha=alpha, tolerance=tolerance), START)


def _judged(releases: Releases, number: int, scene: Scene, alpha: float) -> float:
    trial = _begun(alpha)
    if releases.before:
        counts = _counts(*releases.before, number)
        trial = learn(
            trial, (_interval(evaluation - EVALUATIONS, NONE, stable) for evaluation, stable in enumerate(counts))
        )
    return _first(trial, _intervals(releases, number), scene.shift_at)


def _first(trial: Trial, intervals: Iterable[Interval], shift_at: int | None = None) -> float:
    """The second at which the judge rolls back, with an evaluation after every interval."""
    for evaluation, interval in enumerate(intervals, start=1):
        if shift_at == (evaluation - 1) * EVALUATION:
            trial = shifted(trial, interval.since)
        trial = weigh(trial, [interval])
        if (
            interval.canary.errors or interval.slow
        ) and trial.worse:  # Without errors or slow requests, the evidence has not grown.
            return evaluation * EVALUATION
    return NEVER


def _promoted(releases: Releases, number: int, tolerance: float, alpha: float) -> float:
    trial = _begun(alpha, tolerance)
    for evaluation, interval in enumerate(_intervals(releases, number), start=1):
        trial = weigh(trial, [interval])
        if trial.within_tolerance:
            return evaluation * EVALUATION
    return NEVER


def _intervals(releases: Releases, number: int) -> Iterator[Interval]:
    canary = _counts(releases.canary, releases.canary_errors, number)
    stable = _counts(releases.stable, releases.stable_errors, number)
    for evaluation, sides in enumerate(zip(canary, stable, strict=True)):
        yield _interval(evaluation, *sides)


def _timed(timed: Timed, number: int) -> Iterator[Interval]:
    slow = zip(timed.canary[number].tolist(), timed.stable[number].tolist(), strict=True)
    for interval, sides in zip(_intervals(timed.errors, number), slow, strict=True):
        both = zip(PERCENTILES, *sides, strict=True)
        canary, stable = interval.canary.requests, interval.stable.requests
        parts = tuple(Slow(name, 0, Counts(canary, ours), Counts(stable, theirs)) for name, ours, theirs in both)
        yield Interval(NAME, interval.since, interval.until, interval.canary, interval.stable, parts)


def _interval(evaluation: int, canary: Counts, stable: Counts) -> Interval:
    return Interval(NAME, MOMENTS[EVALUATIONS + evaluation], MOMENTS[EVALUATIONS + evaluation + 1], canary, stable)


def _counts(requests: Whole, errors: Whole, number: int) -> list[Counts]:
    return list(map(Counts, requests[number].tolist(), errors[number].tolist()))
