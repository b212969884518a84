"""Metrics by the minute that appear late."""

from collections.abc import Sequence
from typing import Any

from selfright.local.edge.metrics import Invocation
from selfright.local.edge.minutes import LateMetrics

LATENESS = {"metric_visible": 60.0, "metric_complete": 90.0}


class CloudWatch:
    """What was published of the alias: the minute, and how many invocations."""

    def __init__(self) -> None:
        self.now, self.published = [0.0], list[tuple[float, float]]()
        dice = iter([0.1, 0.9] * 50)
        self.metrics = LateMetrics(self.put, 60, LATENESS.__getitem__, lambda: next(dice), lambda: self.now[0])

    def put(self, _: str, data: Sequence[dict[str, Any]]) -> None:
        """Note it."""
        for one in data:
            if one["MetricName"] == "Invocations" and len(one["Dimensions"]) == 2:
                self.published.append((one["Timestamp"].timestamp(), one["Counts"][0]))

    def invoke(self, at: float, milliseconds: float = 5.0) -> None:
        """One invocation that ends at this second."""
        self.now[0] = at
        self.metrics.add(Invocation("f", "live", "1", milliseconds, error=False))

    def flush_at(self, at: float) -> list[tuple[float, float]]:
        """Everything that is published until then."""
        self.now[0] = at
        self.metrics.flush()
        return self.published


def test_a_minute_is_visible_a_minute_after_its_end_and_grows_after_that() -> None:
    """Nothing before; then most of it, dated by its beginning; then the rest, for the same minute."""
    cloudwatch = CloudWatch()
    for second in range(1, 11):
        cloudwatch.invoke(second)
    assert cloudwatch.flush_at(119) == []
    assert cloudwatch.flush_at(120) == [(0, 5)]
    assert cloudwatch.flush_at(149) == [(0, 5)]
    assert cloudwatch.flush_at(150) == [(0, 5), (0, 5)]


def test_an_invocation_counts_for_the_minute_in_which_it_began() -> None:
    """One that hangs into the next minute is reported at its end, and dated before."""
    cloudwatch = CloudWatch()
    cloudwatch.invoke(70, milliseconds=30_000)
    assert cloudwatch.flush_at(240) == [(0, 1)]
