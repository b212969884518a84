"""Metrics by the minute: when they appear, how they grow, and what the product's own adapter reads of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.aws.metrics import CloudWatchMetrics
from controller.domain.environment import Environment
from controller.domain.judging.measurement import Subject
from tests.simulation.aws.cloudwatch import CloudWatch, Wanted
from tests.simulation.weather.minutes import Minutes
from tests.simulation.weather.told import Told

START = datetime(2030, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALIAS = frozenset({("FunctionName", "shop-api"), ("Resource", "shop-api:live")})
CALLED = Wanted("AWS/Lambda", "Invocations", ALIAS, "Sum")


@dataclass
class Measured:
    """Metrics whose minutes appear 60 s after their end, and are complete 100 s after it."""

    seconds: float = 0
    luck: list[float] = field(default_factory=lambda: [0.0])

    def __post_init__(self) -> None:
        weather = Told(metric_visible=60, metric_complete=100)
        self.minutes = Minutes(lambda: self.seconds, START, weather, self._share)

    def _share(self) -> float:
        return self.luck.pop(0) if len(self.luck) > 1 else self.luck[0]

    def call(self, at: float, *, failed: bool = False, lasting: float = 0.1) -> None:
        """Something was called at a moment."""
        self.seconds = at
        values = {"Invocations": 1.0, "Errors": float(failed), "Duration": 1000 * lasting}
        self.minutes.add("AWS/Lambda", ALIAS, values, lasting)

    def seen(self, at: float, minute: int = 0, wanted: Wanted = CALLED, length: timedelta = MINUTE) -> float | None:
        """What is seen at a moment of a minute of the run."""
        self.seconds = at
        return self.minutes.seen(wanted, START + minute * MINUTE, length)


def test_a_minute_is_not_seen_before_it_appears() -> None:
    """Not a part of it, either."""
    measured = Measured()
    measured.call(10)
    assert (measured.seen(59), measured.seen(119), measured.seen(120)) == (None, None, 1)


def test_a_minute_grows_until_it_is_complete() -> None:
    """The first sum that is seen is too small."""
    measured = Measured(luck=[0.1, 0.85, 1.0])
    for at in (10, 20, 30):
        measured.call(at)
    assert (measured.seen(120), measured.seen(145), measured.seen(160)) == (1, 2, 3)


def test_a_call_counts_in_the_minute_in_which_it_began_and_after_it_ended() -> None:
    """A hang is reported when it is over."""
    measured = Measured()
    measured.call(59, failed=True, lasting=900)
    errors = Wanted("AWS/Lambda", "Errors", ALIAS, "Sum")
    assert (measured.seen(958, wanted=errors), measured.seen(959, wanted=errors)) == (None, 1)
    assert measured.seen(2000, minute=15, wanted=errors) is None


def test_longer_periods_have_what_is_seen_of_their_minutes() -> None:
    """One sum for two minutes, the second of which is not there yet."""
    measured = Measured()
    for at in (10, 70):
        measured.call(at)
    assert (measured.seen(121, length=2 * MINUTE), measured.seen(181, length=2 * MINUTE)) == (1, 2)


def test_durations_have_percentiles_and_ranks() -> None:
    """As CloudWatch names them."""
    measured = Measured()
    for number in range(100):
        measured.call(number / 10, lasting=(number + 1) / 1000)

    def duration(statistic: str) -> float | None:
        return measured.seen(500, wanted=Wanted("AWS/Lambda", "Duration", ALIAS, statistic))

    assert (duration("SampleCount"), duration("Average"), duration("p90")) == (100, 50.5, 91)
    assert duration("PR(:25)") == 25


def test_the_product_reads_what_is_seen() -> None:
    """The adapter over these metrics: a minute that is not there is a period without data."""
    measured = Measured()
    measured.call(10, failed=True)
    measured.call(70)
    measured.seconds = 130
    cloudwatch: Any = CloudWatch(lambda: START)
    cloudwatch.measured = measured.minutes.seen
    api = {"kind": "function", "function_name": "shop-api"}
    environment = Environment.model_validate({"application": "shop", "environment": "prod", "components": {"api": api}})
    subject = Subject("api", "2", "", {})
    found = CloudWatchMetrics(cloudwatch).periods(environment, [subject], START, START + 2 * MINUTE)
    assert [(one.canary.requests, one.canary.errors) if one.canary else None for one in found] == [(1, 1), None]
