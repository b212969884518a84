"""Lambda's metrics of each version: when a minute is visible, when it stops growing, and its percentile ranks."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from selfright.proving.fact import Fact
from selfright.proving.results import Finding, Measured, NotMeasured
from selfright.proving.scene import Scene
from selfright.proving.subject import SubjectFunction

MINUTES = 3
CALLS = 40
"""At most, in each minute, in its first half."""
MINUTE = 60.0
PATIENCE = 480.0
COUNTED = "counted"
"""An alias with weights, which no other fact moves."""
FINE, WHOLE = 200, 100
RANK = "PR(:60000)"
"""The share of calls that took at most a minute: nearly all."""


@dataclass
class Counted:
    """One minute: how many calls each version got in it, and what CloudWatch said of them when."""

    begins: float
    sent: Mapping[str, int]
    visible: float | None = None
    complete: float | None = None
    """Seconds since the minute's end."""
    first_sum: int = 0

    @property
    def total(self) -> int:
        """Its calls."""
        return sum(self.sent.values())


def measure(scene: Scene) -> Iterator[Finding]:
    """Call through a weighted alias during some minutes, and read their sums until they do not grow any more."""
    subject = SubjectFunction(scene)
    versions = _weighted(subject)
    call = _caller(scene, subject)
    minutes = [_one_minute(scene, call) for _ in range(MINUTES)]
    start = scene.clock.now()
    while any(one.complete is None for one in minutes) and not scene.is_over(start, PATIENCE):
        for one in minutes:
            _read(scene, subject, one, versions)
        scene.pause(start)
    yield _visible(scene, minutes)
    if any(one.visible is not None for one in minutes):
        yield _complete(minutes)
        grown = sum(one.first_sum < one.total for one in minutes if one.visible is not None)
        yield Measured("minutes whose first visible sum still grew", f"{grown} of {MINUTES}")


def _weighted(subject: SubjectFunction) -> tuple[str, str]:
    """Two versions behind an alias that gives half of the calls to each."""
    one, other = subject.publish(), subject.publish()
    weights = {"AdditionalVersionWeights": {other: 0.5}}
    subject.calls.update_alias(FunctionName=subject.name, Name=COUNTED, FunctionVersion=one, RoutingConfig=weights)
    return one, other


def _caller(scene: Scene, subject: SubjectFunction) -> Callable[[], str]:
    """Calls the alias as visitors do, by the HTTP API; where that is not reached, by Lambda's own API."""

    def by_api() -> str:
        answered = scene.here("/counted", host="ApiDomain")
        return str(json.loads(answered.text)["version"])

    return by_api if scene.here("/counted", host="ApiDomain").status == FINE else lambda: subject.call(COUNTED)


def _one_minute(scene: Scene, call: Callable[[], str]) -> Counted:
    """Wait for the next minute, and call in its first half."""
    length = MINUTE * scene.factor
    begins = (scene.clock.now() // length + 1) * length
    scene.clock.sleep(begins - scene.clock.now() + length / MINUTE)
    answered = []
    while scene.clock.now() < begins + length / 2:
        answered.append(call())
        scene.clock.sleep(length / 2 / CALLS)
    return Counted(begins, {version: answered.count(version) for version in set(answered)})


def _read(scene: Scene, subject: SubjectFunction, one: Counted, versions: tuple[str, str]) -> None:
    """Note what is visible of a minute now."""
    if one.complete is not None:
        return
    length = MINUTE * scene.factor
    found = sum(
        int(_statistic(scene, subject, "Invocations", "Sum", version, (one.begins, one.begins + length)) or 0)
        for version in versions
    )
    at = max(0.0, scene.clock.now() - (one.begins + length))
    if found and one.visible is None:
        one.visible, one.first_sum = at, found
    if found >= one.total:
        one.complete = at


def _statistic(  # noqa: PLR0913, PLR0917 - a metric, its dimension and its time
    scene: Scene, subject: SubjectFunction, metric: str, statistic: str, version: str, between: tuple[float, float]
) -> float | None:
    """A statistic of one version, as the judge asks for it; None without data."""
    dimensions = {"FunctionName": subject.name, "Resource": f"{subject.name}:{COUNTED}", "ExecutedVersion": version}
    begins, ends = (datetime.fromtimestamp(at, UTC) for at in between)
    query: dict[str, Any] = {
        "Id": "asked",
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/Lambda",
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            },
            "Period": max(1, round(between[1] - between[0])),
            "Stat": statistic,
        },
    }
    answer = scene.client("cloudwatch").get_metric_data(MetricDataQueries=[query], StartTime=begins, EndTime=ends)
    values = answer["MetricDataResults"][0]["Values"] if answer["MetricDataResults"] else []
    return float(sum(values)) if values else None


def _visible(scene: Scene, minutes: list[Counted]) -> Finding:
    what = "a minute of a version's calls is visible, from its end"
    seconds = tuple(one.visible for one in minutes if one.visible is not None)
    if not seconds:
        waited = scene.waits(PATIENCE)
        return NotMeasured(
            what,
            f"CloudWatch had none of the {sum(one.total for one in minutes)} calls by version within {waited:.0f} s",
        )
    return Measured(what, f"{len(seconds)} of {MINUTES} minutes", seconds, figures=("metric_visible",))


def _complete(minutes: list[Counted]) -> Finding:
    what = "its sum does not grow any more, from its end"
    seconds = tuple(one.complete for one in minutes if one.complete is not None)
    if not seconds:
        missing = ", ".join(f"{one.total} calls, {one.first_sum} first visible" for one in minutes)
        return NotMeasured(what, f"no minute had all of its calls: {missing}")
    return Measured(what, f"{len(seconds)} of {MINUTES} minutes", seconds, figures=("metric_complete",))


def percentiles(scene: Scene) -> Iterator[Finding]:
    """Ask for a percentile rank of the durations that the calls above had."""
    subject = SubjectFunction(scene)
    what = "a percentile rank of a version's durations"
    now = scene.clock.now()
    ends = (now // MINUTE + 1) * MINUTE
    between = (ends - 20 * MINUTE, ends)
    version = str(subject.calls.get_alias(FunctionName=subject.name, Name=COUNTED)["FunctionVersion"])
    if _statistic(scene, subject, "Duration", "Average", version, between) is None:
        yield NotMeasured(what, "CloudWatch has no duration of this version")
        return
    found = _statistic(scene, subject, "Duration", RANK, version, between)
    if found is None:
        yield Measured(what, "none: the metric has an average, and no rank")
    elif found > WHOLE:
        yield NotMeasured(what, f"{RANK} is answered with {found:g}, which is no percentage: it is not understood here")
    else:
        yield Measured(what, f"{RANK} is {found:g} %")


FACTS = (
    Fact(
        "version_metrics",
        "function",
        "When are a version's metrics visible, and when do they stop growing?",
        f"Up to {CALLS} calls through a weighted alias in each of {MINUTES} minutes; their sums by `ExecutedVersion` "
        "are read until they are what was sent.",
        measure,
        8,
    ),
    Fact(
        "percentile_ranks",
        "function",
        "Does CloudWatch give percentile ranks by version?",
        f"`{RANK}` of `Duration` is read for a version that has been called.",
        percentiles,
    ),
)
