"""Alarms are evaluated now and then on what can be seen, and their events come late and twice."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from controller.handlers.on_alarm import firing
from tests.simulation.aws.cloudwatch import CloudWatch, Wanted
from tests.simulation.engine.scheduler import START, Scheduler
from tests.simulation.weather.alarms import Evaluations
from tests.simulation.weather.told import Told

ERRORS = {
    "Namespace": "AWS/Lambda", "MetricName": "Errors", "Dimensions": [{"Name": "FunctionName", "Value": "api"}],
    "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 5.0,
}  # fmt: skip


@dataclass
class Watch:
    """An alarm on a metric of which a test says what is seen: minute → (from which second on, value)."""

    shown: Mapping[int, tuple[float, float]]
    weather: Told = field(default_factory=lambda: Told(alarm_evaluated=60))
    definition: Mapping[str, Any] = field(default_factory=lambda: ERRORS)

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(1)
        self.cloudwatch = CloudWatch(self.scheduler.now)
        self.cloudwatch.measured = self._measured
        self.events: list[tuple[float, Mapping[str, Any]]] = []
        evaluations = Evaluations(self.scheduler, self.weather, self.cloudwatch, self._deliver)
        evaluations.watch("errors", **self.definition)

    def _measured(self, _: Wanted, moment: datetime, __: timedelta) -> float | None:
        since, value = self.shown.get(round((moment - START).total_seconds()) // 60, (1e9, 0.0))
        return value if self.scheduler.seconds >= since else None

    def _deliver(self, event: Mapping[str, Any], after: float) -> None:
        self.events.append((round(self.scheduler.seconds + after), event))

    def state(self, at: float) -> str:
        """The alarm's state at a moment."""
        self.scheduler.run(until=at)
        return self.cloudwatch.state("errors")


def test_an_alarm_fires_at_an_evaluation_after_its_data_can_be_seen() -> None:
    """Errors of the first minute, seen after 150 s, fire it after 180 s; its event comes 7 s later."""
    watch = Watch({0: (150, 9.0)}, Told(alarm_evaluated=60, event_delivered=7))
    assert (watch.state(179), watch.state(181)) == ("OK", "ALARM")
    assert [at for at, _ in watch.events] == [187]


def test_the_event_says_which_data_fired_it() -> None:
    """As CloudWatch says it: the time of the data, not of the evaluation."""
    watch = Watch({0: (150, 9.0)})
    watch.state(200)
    (_, event) = watch.events[0]
    data = json.loads(event["detail"]["state"]["reasonData"])
    assert data["evaluatedDatapoints"] == [{"timestamp": "2026-01-05T09:00:00.000+0000", "value": 9.0}]
    assert data["recentDatapoints"] == [9.0]
    assert watch.cloudwatch.alarm("errors")["StateReasonData"] == event["detail"]["state"]["reasonData"]
    ((name, reason, at, data_until, data_since),) = firing(dict(event))
    assert (name, at) == ("errors", START + timedelta(seconds=180))
    assert (data_since, data_until) == (START, START + timedelta(seconds=60))
    assert "9.0 (05/01/26 09:00:00)" in reason


def test_an_event_comes_a_second_time() -> None:
    """After the first one, sometimes minutes later."""
    watch = Watch({0: (0, 9.0)}, Told(alarm_evaluated=60, event_delivered=2, event_repeated=45))
    watch.state(70)
    assert [at for at, _ in watch.events] == [62, 107]


def test_an_alarm_is_ok_again_when_newer_data_are_seen() -> None:
    """Until then it stays on what is the newest that can be seen."""
    watch = Watch({0: (100, 9.0), 1: (200, 0.0)})
    assert [watch.state(at) for at in (110, 121, 181, 241)] == ["OK", "ALARM", "ALARM", "OK"]


def test_an_alarm_that_needs_several_periods_waits_for_them() -> None:
    """One bad minute is not enough."""
    watch = Watch({0: (0, 9.0), 1: (0, 9.0)}, definition={**ERRORS, "EvaluationPeriods": 2})
    assert (watch.state(61), watch.state(121)) == ("OK", "ALARM")
